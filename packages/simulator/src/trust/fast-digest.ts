import type { Digest } from "@destiny/core/kernel/ids";

const OUT = Buffer.alloc(32);
const LANES = new Int32Array(OUT.buffer, OUT.byteOffset, 8);

/**
 * A digest for runs in which nobody attacks: 128 bits that tell inputs apart, twice as fast to make as SHA-256 and the same on
 * every machine, but easy to collide on purpose. As long as a SHA-256.
 */
export function fastDigest(bytes: Uint8Array): Digest {
  let a = 0x811c_9dc5 | 0;
  let b = 0x9747_b28c | 0;
  let c = 0x1b87_3593 ^ bytes.length;
  let d = 0x6e27_4a1d;
  const whole = bytes.length & ~3;
  for (let i = 0; i < whole; i += 4) {
    const word = at(bytes, i) | (at(bytes, i + 1) << 8) | (at(bytes, i + 2) << 16) | (at(bytes, i + 3) << 24);
    a = Math.imul(a ^ word, 0x85eb_ca6b);
    b = Math.imul((b << 13) ^ (b >>> 19) ^ word, 0xc2b2_ae35);
    c = Math.imul(c + word, 0x27d4_eb2f) ^ (a >>> 15);
    d = (Math.imul((d << 7) ^ (d >>> 25) ^ word, 0x1656_67b1) + b) | 0;
  }
  for (let i = whole; i < bytes.length; i += 1) {
    a = Math.imul(a ^ at(bytes, i), 0x85eb_ca6b);
    b = Math.imul((b << 13) ^ (b >>> 19) ^ at(bytes, i), 0xc2b2_ae35);
    c = Math.imul(c + at(bytes, i), 0x27d4_eb2f) ^ (a >>> 15);
    d = (Math.imul((d << 7) ^ (d >>> 25) ^ at(bytes, i), 0x1656_67b1) + b) | 0;
  }
  a = avalanche(a ^ (d >>> 16));
  b = avalanche(b ^ a);
  c = avalanche(c + b);
  d = avalanche(d ^ c);
  LANES[0] = a;
  LANES[1] = b;
  LANES[2] = c;
  LANES[3] = d;
  LANES[4] = a ^ c;
  LANES[5] = b ^ d;
  LANES[6] = a ^ d;
  LANES[7] = b ^ c;
  return OUT.toString("latin1");
}

function at(bytes: Uint8Array, index: number): number {
  return bytes[index] as number;
}

function avalanche(word: number): number {
  let z = Math.imul(word ^ (word >>> 16), 0x21f0_aaad);
  z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
  return z ^ (z >>> 15);
}
