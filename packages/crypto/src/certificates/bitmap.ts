/** Bytes of a set of signers among n on the wire. */
export function bitmapBytes(n: number): number {
  return Math.ceil(n / 8);
}

/** The set as bytes: signer i is bit i mod 8 of byte i / 8. */
export function encodeBitmap(signers: readonly number[], n: number): Uint8Array {
  const bitmap = new Uint8Array(bitmapBytes(n));
  for (const signer of signers) bitmap[signer >> 3] = (bitmap[signer >> 3] ?? 0) | (1 << (signer & 7));
  return bitmap;
}

/** The signers in ascending order, or undefined unless the bytes are the one encoding of a subset of n signers. */
export function decodeBitmap(bitmap: Uint8Array, n: number): number[] | undefined {
  if (bitmap.length !== bitmapBytes(n)) return undefined;
  const signers: number[] = [];
  for (let i = 0; i < bitmap.length * 8; i += 1) {
    if ((((bitmap[i >> 3] ?? 0) >> (i & 7)) & 1) === 0) continue;
    if (i >= n) return undefined;
    signers.push(i);
  }
  return signers;
}
