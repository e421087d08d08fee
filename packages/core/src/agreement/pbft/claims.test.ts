import { expect, test } from "vitest";
import { PbftNewView, PbftViewChange, PreparedCertificate } from "../../wire/pbft.ts";
import { toDigest } from "../../wire/reader.ts";
import { newViewClaim } from "../shared/untrusted/claims.ts";
import { viewChangeClaim } from "./claims.ts";

const N = 301;
const WINDOW = 256;
const DIGEST = toDigest(new Uint8Array(32));
const certificate = new Uint8Array(64);
/** Signers take no more than 65,536 bytes, the rest of the statement too. */
const SHORT = 1024;
const signing = { instance: 0, hash: () => DIGEST };
const slots = Array.from({ length: WINDOW }, (_, seq) => ({ view: 0, seq, digest: DIGEST, certificate }));

test("what is signed of a view change is short, however many slots are prepared", () => {
  const votes = Array.from({ length: (2 * N) / 3 }, (_, signer) => ({ signer, signature: certificate }));
  const prepared = slots.map((slot) => new PreparedCertificate({ ...slot, extension: 0, votes }));
  const fields = { view: 1, sender: 0, anchor: null, preprepared: [], count: 0, signature: certificate };
  const { message } = viewChangeClaim(signing, new PbftViewChange({ ...fields, prepared }));
  expect(message.length).toBeLessThan(SHORT);
});

test("what is signed of a new view is short, however many slots it proposes again", () => {
  const fields = { view: 1, changes: [], anchor: null, count: 0, extension: 0, signature: certificate };
  const { message } = newViewClaim(signing, new PbftNewView({ ...fields, selections: slots }));
  expect(message.length).toBeLessThan(SHORT);
});
