import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { invariant } from "@destiny/core/kernel/invariant";
import { type BlsBackend, type Check, CheckKind, Domain, KEY_BYTES, SECRET_BYTES } from "../bls/backend.ts";
import type { CheckQueue } from "../bls/check-queue.ts";
import { evaluate, fromScalar, type RandomBytes, randomScalar } from "../bls/scalar.ts";
import { isSoundPoint, openEd25519, PUBLIC_KEY_BYTES } from "../signatures/ed25519.ts";
import { LIST_SIGNERS_MAX, ListScheme } from "./list.ts";
import { MultisigScheme } from "./multisig.ts";
import { type CertificateScheme, type SchemeKind, SHARE_BYTES, type ShareSigner } from "./scheme.ts";
import { ThresholdScheme } from "./threshold.ts";

/** Public keys of a threshold scheme as files hold them, all in lower-case hex of canonical bytes. */
export interface ThresholdKeys {
  readonly kind: "threshold";
  readonly threshold: number;
  /** The group's key, 96 bytes. */
  readonly groupKey: string;
  /** Each signer's key, in the order of the signers. */
  readonly shareKeys: readonly string[];
}

/** One signer's public key of a multi-signature scheme, 96 bytes, and its proof of possession, 96 bytes, in hex. */
export interface MultisigMember {
  readonly publicKey: string;
  readonly proof: string;
}

/** Public keys of a multi-signature scheme as files hold them. */
export interface MultisigKeys {
  readonly kind: "multisig";
  readonly threshold: number;
  readonly members: readonly MultisigMember[];
}

/** Public keys of a list of signatures as files hold them: Ed25519, 32 bytes each, in the order of the signers, in hex. */
export interface ListKeys {
  readonly kind: "list";
  readonly threshold: number;
  readonly keys: readonly string[];
}

/** The public keys of a scheme of any kind. */
export type SchemeKeys = ThresholdKeys | MultisigKeys | ListKeys;

/** Each signer's public key, in hex, in the order of the signers. */
export function shareKeysOf(scheme: SchemeKeys): readonly string[] {
  switch (scheme.kind) {
    case "threshold":
      return scheme.shareKeys;
    case "multisig":
      return scheme.members.map(({ publicKey }) => publicKey);
    case "list":
      return scheme.keys;
  }
}

/** What a trusted dealer hands out: `secrets[i]`, 32 bytes in hex, goes to signer i alone. */
export interface Dealt {
  readonly keys: ThresholdKeys;
  readonly secrets: readonly string[];
}

/** Deals a threshold key to n signers. The dealer knows every secret, so it must forget them all. */
export function dealThreshold(backend: BlsBackend, n: number, threshold: number, random: RandomBytes): Dealt {
  invariant(threshold >= 1 && threshold <= n, "a threshold between 1 and n");
  const polynomial = Array.from({ length: threshold }, () => randomScalar(random));
  const secrets = Array.from({ length: n }, (_, i) => evaluate(polynomial, BigInt(i + 1)));
  const keyOf = (secret: bigint): string => hex(publicKey(backend, fromScalar(secret)));
  const keys = {
    kind: "threshold",
    threshold,
    groupKey: keyOf(polynomial[0] ?? 0n),
    shareKeys: secrets.map(keyOf),
  } as const;
  return { keys, secrets: secrets.map((secret) => hex(fromScalar(secret))) };
}

/** Makes one signer's key of a multi-signature scheme; `secret` is 32 bytes in hex. */
export function generateMultisigKey(
  backend: BlsBackend,
  random: RandomBytes,
): { secret: string; member: MultisigMember } {
  const secret = fromScalar(randomScalar(random));
  const key = publicKey(backend, secret);
  const proof = backend.signSync(secret, Domain.Possession, key);
  return { secret: hex(secret), member: { publicKey: hex(key), proof: hex(proof) } };
}

/** Makes one signer's key of a list of signatures; both are 32 bytes in hex. */
export function generateListKey(random: RandomBytes): { secret: string; publicKey: string } {
  const seed = random(SECRET_BYTES);
  return { secret: hex(seed), publicKey: hex(openEd25519().publicKeyFromSeed(seed)) };
}

/**
 * The scheme of these keys. Multi-signature keys without a valid proof of possession are refused: a key made from the
 * others' would sign for all. Throws {@link ConfigurationError} for bad keys.
 */
export async function openScheme(
  backend: BlsBackend,
  queue: CheckQueue,
  keys: SchemeKeys,
): Promise<CertificateScheme> {
  const n = shareKeysOf(keys).length;
  if (!Number.isInteger(keys.threshold) || keys.threshold < 1 || keys.threshold > n) {
    throw new ConfigurationError(
      `a threshold of ${keys.threshold} for ${n} signers: it must be between 1 and ${n}`,
    );
  }
  if (keys.kind === "list") return openList(keys);
  if (keys.kind === "threshold") {
    const shares = keys.shareKeys.map((key, i) => parseKey(backend, key, `the share key of signer ${i}`));
    const group = parseKey(backend, keys.groupKey, "the group key");
    return new ThresholdScheme(queue, { threshold: keys.threshold, group, shares });
  }
  const members = keys.members.map(({ publicKey }, i) =>
    parseKey(backend, publicKey, `the key of signer ${i}`),
  );
  await provePossession(queue, keys.members, members);
  return new MultisigScheme(backend, queue, { threshold: keys.threshold, members });
}

function openList({ keys, threshold }: ListKeys): ListScheme {
  if (keys.length > LIST_SIGNERS_MAX) {
    throw new ConfigurationError(
      `a list of ${keys.length} signers: above ${LIST_SIGNERS_MAX} use multi-signatures or threshold signatures`,
    );
  }
  const points = keys.map((key, i) => fromHex(key, PUBLIC_KEY_BYTES, `the key of signer ${i}`));
  const bad = points.findIndex((point) => !isSoundPoint(point));
  if (bad >= 0)
    throw new ConfigurationError(`the key of signer ${bad} is no sound Ed25519 key: deal keys anew`);
  return new ListScheme({ threshold, keys: points });
}

/** The public half of a signer's secret, in the encoding of its scheme; undefined if the secret is none. */
export function shareKeyOf(backend: BlsBackend, kind: SchemeKind, secret: string): Uint8Array | undefined {
  const bytes = fromHex(secret, SECRET_BYTES, "a signing secret");
  return kind === "list" ? openEd25519().publicKeyFromSeed(bytes) : backend.publicKey(bytes);
}

/** Proof that a signer has the secret of its key: what a group must see before it adds its shares up; empty in other kinds. */
export function possessionProofOf(backend: BlsBackend, kind: SchemeKind, secret: string): Uint8Array {
  if (kind !== "multisig") return new Uint8Array(0);
  const bytes = fromHex(secret, SECRET_BYTES, "a signing secret");
  return backend.signSync(bytes, Domain.Possession, publicKey(backend, bytes));
}

/**
 * A secret for a signer that takes the place of another, 32 bytes in hex. Throws {@link ConfigurationError} for a threshold
 * scheme: only its dealer could make one.
 */
export function drawShareSecret(backend: BlsBackend, kind: SchemeKind, random: RandomBytes): string {
  if (kind === "list") return generateListKey(random).secret;
  if (kind === "multisig") return generateMultisigKey(backend, random).secret;
  throw new ConfigurationError(
    "the secret of a threshold signature is lost: a cluster with such commits must be dealt anew",
  );
}

/** Whether a signer may take another's place in a scheme of this kind under this key. Never throws for bad bytes. */
export async function isAdmissibleKey(
  { backend, queue }: { readonly backend: BlsBackend; readonly queue: CheckQueue },
  kind: SchemeKind,
  { shareKey, shareProof }: { readonly shareKey: Uint8Array; readonly shareProof: Uint8Array },
): Promise<boolean> {
  if (kind === "list") return shareKey.length === PUBLIC_KEY_BYTES && isSoundPoint(shareKey);
  if (kind !== "multisig" || shareKey.length !== KEY_BYTES || shareProof.length !== SHARE_BYTES) return false;
  const key = backend.parseKey(shareKey);
  if (key === undefined) return false;
  return (await queue.check(possession(shareKey, shareProof, key))) !== undefined;
}

/** The same scheme with other keys of some signers, each of them admissible. Not for threshold schemes. */
export function replaceKeys(
  { backend, queue }: { readonly backend: BlsBackend; readonly queue: CheckQueue },
  keys: SchemeKeys,
  replaced: ReadonlyMap<number, Uint8Array>,
): CertificateScheme {
  invariant(keys.kind !== "threshold", "a scheme whose keys are its signers' own");
  const { threshold } = keys;
  const hexes = shareKeysOf(keys).map((key, i) => {
    const other = replaced.get(i);
    return other === undefined ? key : hex(other);
  });
  if (keys.kind === "list") return openList({ kind: "list", threshold, keys: hexes });
  const members = hexes.map((key, i) => parseKey(backend, key, `the key of signer ${i}`));
  return new MultisigScheme(backend, queue, { threshold, members });
}

/** The private half for one signer of a scheme of this kind. Throws {@link ConfigurationError} for a bad secret. */
export function openShareSigner(backend: BlsBackend, kind: SchemeKind, secret: string): ShareSigner {
  const bytes = fromHex(secret, SECRET_BYTES, "a signing secret");
  if (kind === "list") {
    const key = openEd25519().keyFromSeed(bytes);
    return {
      sign: async (statements) => statements.map((statement) => key.sign(statement)),
      signSync: (statement) => key.sign(statement),
    };
  }
  if (backend.publicKey(bytes) === undefined)
    throw new ConfigurationError("a signing secret is out of range: deal keys anew");
  const domain = kind === "threshold" ? Domain.Threshold : Domain.Multisig;
  return {
    sign: (statements) => backend.sign(bytes, domain, statements),
    signSync: (statement) => backend.signSync(bytes, domain, statement),
  };
}

async function provePossession(
  queue: CheckQueue,
  members: readonly MultisigMember[],
  keys: readonly Uint8Array[],
): Promise<void> {
  const proofs = members.map(async ({ publicKey, proof }, i) => {
    const points = fromHex(proof, SHARE_BYTES, `the proof of possession of signer ${i}`);
    const statement = fromHex(publicKey, KEY_BYTES, `the key of signer ${i}`);
    const key = keys[i] ?? new Uint8Array(0);
    return queue.check(possession(statement, points, key));
  });
  const bad = (await Promise.all(proofs)).indexOf(undefined);
  if (bad >= 0)
    throw new ConfigurationError(
      `the proof of possession of signer ${bad} is false: it must make its key anew`,
    );
}

function possession(statement: Uint8Array, points: Uint8Array, key: Uint8Array): Check {
  return { kind: CheckKind.Share, domain: Domain.Possession, statement, points, signers: [], key };
}

function parseKey(backend: BlsBackend, key: string, what: string): Uint8Array {
  const point = backend.parseKey(fromHex(key, KEY_BYTES, what));
  if (point === undefined) throw new ConfigurationError(`${what} is no key: copy it again, or make it anew`);
  return point;
}

function publicKey(backend: BlsBackend, secret: Uint8Array): Uint8Array {
  const key = backend.publicKey(secret);
  invariant(key !== undefined, "a secret in range has a public key");
  return key;
}

function hex(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString("hex");
}

function fromHex(text: string, length: number, what: string): Uint8Array {
  if (text.length !== length * 2 || !/^[0-9a-f]*$/.test(text)) {
    throw new ConfigurationError(`${what} must be ${length} bytes in lower-case hex`);
  }
  return Uint8Array.from(Buffer.from(text, "hex"));
}
