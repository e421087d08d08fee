import { encodeBatch } from "@destiny/core/wire/batch";
import { MessageKind, Proposal, Vote } from "@destiny/core/wire/messages";
import { Request } from "@destiny/core/wire/request";
import { expect, test } from "vitest";
import { fastDigest } from "../trust/fast-digest.ts";
import { ModelledSizes } from "./modelled-sizes.ts";

const DIGEST = "\0".repeat(32);
const NOTHING = new Uint8Array(0);

/** As in the paper: 200 commands of 512 bytes. */
function sizes(overheadBytes = 0): ModelledSizes {
  return new ModelledSizes({
    network: { overheadBytes, messageBytesMin: 100 },
    sizes: { commandOverhead: 18, resultPerCommand: 25 },
    ...{ bundle: 200, payloadBytes: 512 },
  });
}

function request(): Request {
  const fields = { client: DIGEST, timestamp: 1, operations: [new Uint8Array(7)] };
  return Request.create(fields, fastDigest, () => new Uint8Array(64));
}

function proposal(requests: number): Proposal {
  const value = encodeBatch(Array.from({ length: requests }, request), fastDigest);
  const place = { kind: MessageKind.PrePrepare, view: 0, seq: 1, digest: value.digest, extension: 0 };
  return new Proposal({ ...place, certificate: new Uint8Array(64), share: NOTHING, value, evidence: [] });
}

test("a proposal of 200 commands is about 106 kB, as the paper says; its header is not", () => {
  const bytes = sizes().message(proposal(1));
  expect(bytes).toBeGreaterThan(105_500);
  expect(bytes).toBeLessThan(106_500);
  expect(sizes().message(proposal(2))).toBeGreaterThan(2 * bytes - 200);
  expect(sizes().message(proposal(1).header())).toBeLessThan(200);
});

test("small messages are as long as the codec makes them, not below the least, plus the transport's part", () => {
  const vote = (share: number): Vote =>
    new Vote({
      ...{ kind: MessageKind.CommitSig, view: 0, seq: 1, digest: DIGEST },
      share: new Uint8Array(share),
    });
  expect(sizes(132).message(vote(0))).toBe(232);
  expect(sizes(132).message(vote(240))).toBe(4 + 12 + 32 + 4 + 240 + 132);
});

test("a request and its answer weigh what their commands would", () => {
  expect(sizes().clientMessage({ type: "submit", request: request() })).toBeGreaterThan(106_000);
  const place = { client: DIGEST, timestamp: 1, seq: 1, entry: 0 };
  const reply = sizes().reply({ type: "plain", ...place, results: [NOTHING] });
  expect(reply).toBeGreaterThan(5_000);
  expect(reply).toBeLessThan(5_200);
});
