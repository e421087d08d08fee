import { invariant } from "@destiny/core/kernel/invariant";
import { SECRET_BYTES } from "./backend.ts";

/** Order of the groups G1 and G2 of BLS12-381. */
export const ORDER = 0x73eda753299d7d483339d80809a1d80553bda402fffe5bfeffffffff00000001n;

/** Uniformly random bytes of the length asked for. */
export type RandomBytes = (length: number) => Uint8Array;

/** A big-endian number. */
export function toScalar(bytes: Uint8Array): bigint {
  return bytes.length === 0 ? 0n : BigInt(`0x${Buffer.from(bytes).toString("hex")}`);
}

/** A scalar as a secret key's bytes. */
export function fromScalar(scalar: bigint): Uint8Array {
  return Buffer.from(scalar.toString(16).padStart(SECRET_BYTES * 2, "0"), "hex");
}

/** A number from 1 to r − 1 whose bias is below 2^-128: 384 bits reduced. */
export function randomScalar(random: RandomBytes): bigint {
  return (toScalar(random(48)) % (ORDER - 1n)) + 1n;
}

/** The polynomial, lowest coefficient first, at `x`. */
export function evaluate(polynomial: readonly bigint[], x: bigint): bigint {
  return polynomial.reduceRight((sum, coefficient) => (sum * x + coefficient) % ORDER, 0n);
}

/** Coefficients by which the values at signer + 1 add up to the value at 0. Signers are distinct. */
export function lagrange(signers: readonly number[]): bigint[] {
  return signers.map((signer) => {
    let numerator = 1n;
    let denominator = 1n;
    for (const other of signers) {
      if (other === signer) continue;
      numerator = (numerator * BigInt(other + 1)) % ORDER;
      denominator = modulo(denominator * BigInt(other - signer));
    }
    return (numerator * inverse(denominator)) % ORDER;
  });
}

function modulo(value: bigint): bigint {
  const rest = value % ORDER;
  return rest < 0n ? rest + ORDER : rest;
}

/** By the extended Euclidean algorithm. */
function inverse(value: bigint): bigint {
  invariant(value !== 0n, "distinct signers");
  let [a, b, x, y] = [value, ORDER, 1n, 0n];
  while (b !== 0n) {
    const quotient = a / b;
    [a, b, x, y] = [b, a - quotient * b, y, x - quotient * y];
  }
  return modulo(x);
}
