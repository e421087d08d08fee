import { chmodSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { connect } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Counter } from "@destiny/core/wire/statement";
import { afterEach, beforeEach, expect, test } from "vitest";
import { connectSigner } from "./client.ts";
import { frame } from "./frames.ts";
import { encodeHello } from "./protocol.ts";
import type { CertifyOutcome, CertifyRequest } from "./request.ts";
import { SignerServer } from "./server.ts";
import { SignerUnavailable, type SubsystemDescription } from "./subsystem.ts";

const description: SubsystemDescription = {
  tier: "T1",
  preamble: { cluster: "c".repeat(32), configuration: 0 },
  replica: 0,
  bootEpoch: 1,
  instances: 1,
  identityKey: new Uint8Array(32),
  shareProof: new Uint8Array(0),
  shareKey: new Uint8Array(96),
};
let directory: string;
let path: string;
let server: SignerServer | undefined;
let batches: number[];
let hold: Promise<void>;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "destiny-server-"));
  path = join(directory, "signer.sock");
  batches = [];
  hold = Promise.resolve();
});

afterEach(async () => {
  await server?.close();
  server = undefined;
  rmSync(directory, { recursive: true });
});

/** Answers each request with its own message, so that order shows. */
async function echo(requests: readonly CertifyRequest[]): Promise<readonly CertifyOutcome[]> {
  batches.push(requests.length);
  await hold;
  return requests.map(({ message }) => ({ ok: true, certificate: message.slice(0, 64) }));
}

async function listen(): Promise<void> {
  const attest = () => ({ description, signature: new Uint8Array(64) });
  server = await SignerServer.listen(path, { description, certify: echo, attest }, () => {});
}

function ask(text: string): CertifyRequest {
  const message = new TextEncoder().encode(text);
  return { kind: "independent", instance: 0, counter: Counter.Order, value: { view: 0, seq: 1 }, message };
}

function textOf(outcome: CertifyOutcome | undefined): string | undefined {
  return outcome?.ok ? new TextDecoder().decode(outcome.certificate) : outcome?.refusal;
}

test("calls of one tick share a frame, and each gets its own answers, with attestations between", async () => {
  await listen();
  const client = await connectSigner(path);
  expect(client.description).toEqual(description);
  const [first, second] = await Promise.all([
    client.certify([ask("a"), ask("b")]),
    client.certify([{ ...ask("x"), instance: 9 }, ask("c")]),
  ]);
  expect(first.map(textOf)).toEqual(["a", "b"]);
  expect(second.map(textOf)).toEqual(["unknownInstance", "c"]);
  expect(batches).toEqual([3]);

  const later = client.certify([ask("d")]);
  const attested = client.attest(Uint8Array.of(1));
  expect((await later).map(textOf)).toEqual(["d"]);
  expect((await attested).description).toEqual(description);
  expect(await client.certify([])).toEqual([]);
  await client.close();
});

test("a call that no frame can hold is spread over several, and many calls are answered in order", async () => {
  await listen();
  const client = await connectSigner(path);
  const large = Array.from({ length: 9 }, (_, i) => ask(`${i}`.padEnd(40_000, ".")));
  const outcomes = await client.certify(large);
  expect(outcomes.map((outcome) => textOf(outcome)?.[0])).toEqual([..."012345678"]);
  expect(batches).toEqual([3, 3, 3]);

  const calls = Array.from({ length: 2000 }, (_, i) => client.certify([ask(`${i}`)]));
  const texts = (await Promise.all(calls)).map(([outcome]) => textOf(outcome));
  expect(texts).toEqual(calls.map((_, i) => `${i}`));
  await client.close();
});

test("a second host is turned away, and may come when the first has left", async () => {
  await listen();
  const first = await connectSigner(path);
  await expect(connectSigner(path, { timeoutMillis: 1 })).rejects.toThrow(SignerUnavailable);
  await first.close();
  const second = await connectSigner(path);
  expect((await second.certify([ask("a")])).map(textOf)).toEqual(["a"]);
  await second.close();
});

test("who breaks the protocol is disconnected, and the server goes on", async () => {
  await listen();
  for (const bytes of [
    Uint8Array.of(0, 0, 0, 0),
    Uint8Array.of(255, 255, 255, 255),
    frame(encodeHello(description)),
  ]) {
    const socket = connect(path);
    socket.on("error", () => {}).resume();
    socket.write(bytes);
    await new Promise((resolve) => socket.once("close", resolve));
  }
  const client = await connectSigner(path);
  await client.close();
});

test("when the signer goes, all that is unanswered is rejected, and so is what comes after", async () => {
  await listen();
  const client = await connectSigner(path);
  hold = new Promise(() => {});
  const pending = [client.certify([ask("a")]), client.certify([ask("b")])];
  const attested = client.attest(Uint8Array.of(1));
  const rejected = Promise.all(
    [...pending, attested].map((call) => expect(call).rejects.toThrow(SignerUnavailable)),
  );
  await server?.close();
  server = undefined;
  await rejected;
  await expect(client.certify([ask("c")])).rejects.toThrow(SignerUnavailable);
  await expect(connectSigner(path, { timeoutMillis: 1 })).rejects.toThrow(SignerUnavailable);
});

test("a socket that a dead signer left is replaced; a living signer's, a file, and an open directory are not", async () => {
  const stale = await leaveSocketBehind();
  expect(existsSync(stale)).toBe(true);
  await listen();
  const attest = () => ({ description, signature: new Uint8Array(64) });
  const again = (at: string) => SignerServer.listen(at, { description, certify: echo, attest }, () => {});
  await expect(again(path)).rejects.toThrow(/already listening/);

  writeFileSync(join(directory, "file"), "");
  await expect(again(join(directory, "file"))).rejects.toThrow(/not a socket/);
  mkdirSync(join(directory, "open"));
  chmodSync(join(directory, "open"), 0o755);
  await expect(again(join(directory, "open", "s"))).rejects.toThrow(/chmod 700/);
  await expect(again(join(directory, "x".repeat(120)))).rejects.toThrow(/longer than/);
});

/** A process that is killed leaves its socket's file; a copy of the name does the same here. */
async function leaveSocketBehind(): Promise<string> {
  const { createServer } = await import("node:net");
  const { renameSync } = await import("node:fs");
  const dead = createServer();
  await new Promise<void>((resolve) => dead.listen(`${path}.dead`, resolve));
  renameSync(`${path}.dead`, path);
  await new Promise((resolve) => dead.close(resolve));
  return path;
}
