import { randomBytes } from "node:crypto";
import { bls12_381 as bls } from "@noble/curves/bls12-381.js";
import { SHARE_BYTES } from "../certificates/scheme.ts";
import {
  type Check,
  CheckKind,
  type Domain,
  KEY_BYTES,
  KEY_POINT_BYTES,
  SECRET_BYTES,
  SIGNATURE_BYTES,
} from "./backend.ts";
import { lagrange, ORDER, toScalar } from "./scalar.ts";

// The pure JavaScript arithmetic: what native/bls.c does, some twenty times slower and not in constant time.

const G1 = bls.G1.Point;
const G2 = bls.G2.Point;
type Signature = InstanceType<typeof G1>;
type Key = InstanceType<typeof G2>;

const WEIGHT_BYTES = 8;

/** A decoded check: signature and hash of the statement, both times one random weight. */
interface Weighted {
  readonly item: number;
  readonly key: Uint8Array;
  readonly signature: Signature;
  readonly hash: Signature;
}

/** {@link import("./backend.ts").BlsBackend.check}, in the calling thread. */
export function checkAll(checks: readonly Check[]): (Uint8Array | undefined)[] {
  const results: (Uint8Array | undefined)[] = checks.map(() => undefined);
  const weighted: Weighted[] = [];
  for (const [item, check] of checks.entries()) {
    const signature = attempt(() => signatureOf(check));
    if (signature === undefined) continue;
    results[item] = signature.toBytes(true);
    const weight = checks.length === 1 ? 1n : toScalar(randomBytes(WEIGHT_BYTES)) || 1n;
    const hash = hashToCurve(check.domain, check.statement).multiplyUnsafe(weight);
    weighted.push({ item, key: check.key, signature: signature.multiplyUnsafe(weight), hash });
  }
  for (const item of findFalse(weighted)) results[item] = undefined;
  return results;
}

/** A share, uncompressed. */
export function signStatement(secret: Uint8Array, domain: Domain, statement: Uint8Array): Uint8Array {
  return hashToCurve(domain, statement).multiply(toScalar(secret)).toBytes(false);
}

/** {@link import("./backend.ts").BlsBackend.publicKey}. */
export function publicKeyOf(secret: Uint8Array): Uint8Array | undefined {
  const scalar = toScalar(secret);
  if (secret.length !== SECRET_BYTES || scalar === 0n || scalar >= ORDER) return undefined;
  return G2.BASE.multiply(scalar).toBytes(true);
}

/** {@link import("./backend.ts").BlsBackend.parseKey}. */
export function parseKeyBytes(key: Uint8Array): Uint8Array | undefined {
  if (key.length !== KEY_BYTES) return undefined;
  return attempt(() => {
    const point = G2.fromBytes(key);
    point.assertValidity();
    return point.is0() || !same(point.toBytes(true), key) ? undefined : point.toBytes(false);
  });
}

/** {@link import("./backend.ts").BlsBackend.sumKeys}. */
export function sumKeyPoints(keys: readonly Uint8Array[]): Uint8Array | undefined {
  let sum: Key = G2.ZERO;
  for (const key of keys) sum = sum.add(decodeKey(key));
  return sum.is0() ? undefined : sum.toBytes(false);
}

function attempt<T>(decode: () => T | undefined): T | undefined {
  try {
    return decode();
  } catch {
    return undefined; // noble throws for bytes that are no point
  }
}

function hashToCurve(domain: Domain, statement: Uint8Array): Signature {
  return G1.fromAffine(bls.G1.hashToCurve(statement, { DST: domain }).toAffine());
}

function decodeKey(point: Uint8Array): Key {
  // Parsed before, so that only the coordinates are read: no check of the subgroup again.
  const half = KEY_POINT_BYTES / 4;
  const [x1, x0, y1, y0] = [0, 1, 2, 3].map((i) => toScalar(point.subarray(i * half, (i + 1) * half)));
  const field = bls.fields.Fp2;
  return G2.fromAffine({
    x: field.create({ c0: x0 ?? 0n, c1: x1 ?? 0n }),
    y: field.create({ c0: y0 ?? 0n, c1: y1 ?? 0n }),
  });
}

function decodeSignature(bytes: Uint8Array, length: number): Signature | undefined {
  if (bytes.length !== length) return undefined;
  const point = G1.fromBytes(bytes);
  point.assertValidity();
  return point.is0() || !same(point.toBytes(length === SIGNATURE_BYTES), bytes) ? undefined : point;
}

function signatureOf({ kind, points, signers }: Check): Signature | undefined {
  if (kind === CheckKind.Certificate) return decodeSignature(points, SIGNATURE_BYTES);
  if (kind === CheckKind.Share) return decodeSignature(points, SHARE_BYTES);
  const coefficients = kind === CheckKind.Interpolate ? lagrange(signers) : signers.map(() => 1n);
  let sum: Signature = G1.ZERO;
  for (const [i, coefficient] of coefficients.entries()) {
    const share = decodeSignature(points.subarray(i * SHARE_BYTES, (i + 1) * SHARE_BYTES), SHARE_BYTES);
    if (share === undefined) return undefined;
    sum = sum.add(share.multiplyUnsafe(coefficient));
  }
  return sum.is0() ? undefined : sum;
}

/** One pairing equation over all: a pairing per distinct key, and one for the signatures. */
function holds(claims: readonly Weighted[]): boolean {
  let signatures: Signature = G1.ZERO;
  const hashes = new Map<Uint8Array, Signature>();
  for (const { key, signature, hash } of claims) {
    signatures = signatures.add(signature);
    hashes.set(key, (hashes.get(key) ?? G1.ZERO).add(hash));
  }
  const pairs = [...hashes].map(([key, g1]) => ({ g1, g2: decodeKey(key) }));
  pairs.push({ g1: signatures.negate(), g2: G2.BASE });
  if (pairs.some(({ g1 }) => g1.is0())) return false;
  const { Fp12 } = bls.fields;
  return Fp12.eql(bls.pairingBatch(pairs), Fp12.ONE);
}

/** The items whose claims are false, by halving. */
function findFalse(claims: readonly Weighted[]): number[] {
  if (claims.length === 0 || holds(claims)) return [];
  if (claims.length === 1) return claims.map(({ item }) => item);
  const half = claims.length >> 1;
  return [...findFalse(claims.slice(0, half)), ...findFalse(claims.slice(half))];
}

function same(a: Uint8Array, b: Uint8Array): boolean {
  return Buffer.compare(a, b) === 0;
}
