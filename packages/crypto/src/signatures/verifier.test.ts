import { existsSync } from "node:fs";
import { afterAll, expect, test } from "vitest";
import { openEd25519, type Signed } from "./ed25519.ts";
import { SignatureVerifier } from "./verifier.ts";

const ed25519 = openEd25519();
const built = existsSync(new URL("../../dist/signatures/verifier-worker.js", import.meta.url));
const key = ed25519.keyFromSeed(new Uint8Array(32).fill(1));
const inline = new SignatureVerifier(ed25519, false);
const threaded = new SignatureVerifier(ed25519, true);
afterAll(() => threaded.close());

/** Every third is false, in one of several ways. */
function items(count: number): { signed: Signed[]; good: boolean[] } {
  const signed = Array.from({ length: count }, (_, i): Signed => {
    const message = new Uint8Array(i).fill(i);
    const signature = key.sign(message);
    if (i % 9 === 0) return { publicKey: key.publicKey, message, signature: signature.slice(1) };
    if (i % 9 === 3) return { publicKey: key.publicKey.slice(1), message, signature };
    if (i % 9 === 6) return { publicKey: key.publicKey, message: Uint8Array.of(1), signature };
    return { publicKey: key.publicKey, message, signature };
  });
  return { signed, good: signed.map((_, i) => i % 3 !== 0) };
}

test.each([0, 1, 8, 9, 100])("%i signatures at once, each judged for itself", async (count) => {
  const { signed, good } = items(count);
  expect(await inline.verifyMany(signed)).toEqual(good);
});

test("many callers share one slice per turn", async () => {
  const { signed, good } = items(4);
  let turns = 0;
  let running = true;
  const count = (): void => {
    turns += 1;
    if (running) setImmediate(count);
  };
  setImmediate(count);
  const answers = await Promise.all(Array.from({ length: 10 }, () => inline.verifyMany(signed)));
  running = false;
  expect(answers).toEqual(answers.map(() => good));
  expect(turns).toBeGreaterThanOrEqual(4);
});

test.skipIf(!built)("the thread judges as the event loop does (skipped before the first build)", async () => {
  const { signed, good } = items(600);
  expect(await threaded.verifyMany(signed)).toEqual(good);
});

test("a thread that has ended leaves nobody waiting", async () => {
  const closing = new SignatureVerifier(ed25519, true);
  await closing.close();
  const { signed, good } = items(30);
  expect(await closing.verifyMany(signed)).toEqual(good);
});
