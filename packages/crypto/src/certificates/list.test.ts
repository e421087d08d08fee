import { randomBytes } from "node:crypto";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { present } from "@destiny/core/kernel/invariant";
import { expect, test } from "vitest";
import { CheckQueue } from "../bls/check-queue.ts";
import { openBls } from "../bls/open.ts";
import { generateListKey, openScheme, openShareSigner } from "./keys.ts";
import { LIST_SIGNERS_MAX } from "./list.ts";
import type { CertificateScheme, Share } from "./scheme.ts";

const N = 5;
const THRESHOLD = 3;
const backend = openBls(() => undefined);
const queue = new CheckQueue(backend);
const made = Array.from({ length: N }, () => generateListKey(randomBytes));
const keys = made.map(({ publicKey }) => publicKey);
const statement = Uint8Array.from([1, 2, 3]);

function open(): Promise<CertificateScheme> {
  return openScheme(backend, queue, { kind: "list", threshold: THRESHOLD, keys });
}

function shareOf(signer: number, over: Uint8Array = statement): Share {
  const { secret } = present(made[signer], "a signer");
  return { signer, share: openShareSigner(backend, "list", secret).signSync(over) };
}

async function certificateOf(scheme: CertificateScheme, shares: readonly Share[]): Promise<Uint8Array> {
  return present((await scheme.combine(statement, shares)).certificate, "a certificate");
}

test("the same signers give the same certificate, whatever the order of their shares", async () => {
  const scheme = await open();
  const certificate = await certificateOf(scheme, [shareOf(4), shareOf(0), shareOf(2)]);
  expect(certificate).toHaveLength(scheme.certificateBytes);
  expect(certificate).toEqual(await certificateOf(scheme, [shareOf(0), shareOf(2), shareOf(4)]));
  expect(await scheme.verify([{ statement, certificate }])).toEqual([true]);
  expect(await scheme.verify([{ statement: Uint8Array.of(9), certificate }])).toEqual([false]);
});

test("who sent a bad share is named, and enough good ones make a certificate all the same", async () => {
  const scheme = await open();
  const bad = shareOf(1, Uint8Array.of(7));
  const combined = await scheme.combine(statement, [shareOf(0), bad, shareOf(2), shareOf(3)]);
  expect(combined.culprits).toEqual([1]);
  const certificate = present(combined.certificate, "a certificate");
  expect(await scheme.verify([{ statement, certificate }])).toEqual([true]);
  expect(await scheme.combine(statement, [shareOf(0), bad, shareOf(2)])).toEqual({ culprits: [1] });
  expect(await scheme.verifyShare(statement, 0, shareOf(0).share)).toBe(true);
  expect(await scheme.verifyShare(statement, 2, shareOf(0).share)).toBe(false);
});

test("a certificate has one spelling: exactly the threshold, of known signers, each for itself", async () => {
  const scheme = await open();
  const certificate = await certificateOf(scheme, [shareOf(0), shareOf(1), shareOf(2)]);
  const spoilt = (change: (bytes: Uint8Array) => void): Uint8Array => {
    const copy = certificate.slice();
    change(copy);
    return copy;
  };
  const claims = [
    spoilt((bytes) => bytes.set([0b0000_1111])), // One signer more than signatures.
    spoilt((bytes) => bytes.set([0b0000_0011])), // One fewer.
    spoilt((bytes) => bytes.set([0b0010_0011])), // A signer that does not exist.
    spoilt((bytes) => bytes.copyWithin(65, 1, 65)), // One signature twice.
    spoilt((bytes) => bytes.set([0b0001_0011])), // Another's signature.
    certificate.subarray(0, certificate.length - 1),
    Uint8Array.from([...certificate, 0]),
    new Uint8Array(0),
  ];
  const answers = await scheme.verify(claims.map((each) => ({ statement, certificate: each })));
  expect(answers).toEqual(claims.map(() => false));
});

test("keys that fit every message, and groups that are too large, are refused", async () => {
  const identity = `01${"00".repeat(31)}`;
  const unsound = openScheme(backend, queue, {
    kind: "list",
    threshold: 2,
    keys: [...keys.slice(1), identity],
  });
  await expect(unsound).rejects.toThrow(ConfigurationError);
  const many = Array.from({ length: LIST_SIGNERS_MAX + 1 }, () => generateListKey(randomBytes).publicKey);
  const large = openScheme(backend, queue, { kind: "list", threshold: 2, keys: many });
  await expect(large).rejects.toThrow("multi-signatures");
});
