import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import { CheckQueue } from "../bls/check-queue.ts";
import { openInline } from "../bls/javascript.ts";
import {
  generateListKey,
  generateMultisigKey,
  isAdmissibleKey,
  openScheme,
  openShareSigner,
  possessionProofOf,
  replaceKeys,
  type SchemeKeys,
  shareKeyOf,
} from "./keys.ts";

const backend = openInline();
const queue = new CheckQueue(backend, 1);
const statement = Uint8Array.of(1, 2, 3);
const N = 3;
const NEW = 2;

function groupOf(kind: "list" | "multisig"): { keys: SchemeKeys; secrets: string[] } {
  if (kind === "list") {
    const made = Array.from({ length: N }, () => generateListKey(randomBytes));
    const keys = { kind, threshold: 2, keys: made.map(({ publicKey }) => publicKey) };
    return { keys, secrets: made.map(({ secret }) => secret) };
  }
  const made = Array.from({ length: N }, () => generateMultisigKey(backend, randomBytes));
  const keys = { kind, threshold: 2, members: made.map(({ member }) => member) };
  return { keys, secrets: made.map(({ secret }) => secret) };
}

test.each(["list", "multisig"] as const)(
  "%s: in another table a signer has its new key, and its old one counts for nothing",
  async (kind) => {
    const { keys, secrets } = groupOf(kind);
    const secret = groupOf(kind).secrets[0]!;
    const shareKey = shareKeyOf(backend, kind, secret)!;
    const shareProof = possessionProofOf(backend, kind, secret);
    expect(await isAdmissibleKey({ backend, queue }, kind, { shareKey, shareProof })).toBe(true);
    const before = await openScheme(backend, queue, keys);
    const after = replaceKeys({ backend, queue }, keys, new Map([[NEW, shareKey]]));
    const share = (signer: number, of: string) => {
      return { signer, share: openShareSigner(backend, kind, of).signSync(statement) };
    };
    const common = share(0, secrets[0]!);
    const renewed = await after.combine(statement, [common, share(NEW, secret)]);
    const certificate = renewed.certificate!;
    expect(await after.verify([{ statement, certificate }])).toEqual([true]);
    expect(await before.verify([{ statement, certificate }])).toEqual([false]);
    expect((await after.combine(statement, [common, share(NEW, secrets[NEW]!)])).culprits).toEqual([NEW]);
  },
);

test("a key is admissible with a proof that its signer has the secret, and sound", async () => {
  const cryptography = { backend, queue };
  const [one, other] = [generateMultisigKey(backend, randomBytes), generateMultisigKey(backend, randomBytes)];
  const shareKey = shareKeyOf(backend, "multisig", one.secret)!;
  const foreign = possessionProofOf(backend, "multisig", other.secret);
  for (const shareProof of [foreign, new Uint8Array(0), new Uint8Array(96)]) {
    expect(await isAdmissibleKey(cryptography, "multisig", { shareKey, shareProof })).toBe(false);
  }
  const nothing = new Uint8Array(0);
  const neutral = Uint8Array.of(1, ...new Uint8Array(31));
  for (const bad of [nothing, neutral]) {
    expect(await isAdmissibleKey(cryptography, "list", { shareKey: bad, shareProof: nothing })).toBe(false);
  }
  const shareProof = possessionProofOf(backend, "multisig", one.secret);
  expect(await isAdmissibleKey(cryptography, "threshold", { shareKey, shareProof })).toBe(false);
});
