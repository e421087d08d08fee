import { createHash } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { Digest } from "@destiny/core/kernel/ids";
import { decodeFrame, encodeFrame } from "@destiny/core/wire/codec";
import type { Message } from "@destiny/core/wire/messages";
import { DecodeError } from "@destiny/core/wire/reader";
import type { Hash } from "@destiny/core/wire/value";
import { expect, test } from "vitest";

// Vectors are what samples encode to, as hexadecimal, in a JSON file. A difference breaks clusters of mixed releases, stored logs
// and signatures: it needs another protocol version. The files are written anew by running their tests with WRITE_VECTORS=1.

/** The instance in whose name frames are pinned. */
const INSTANCE = 0x0102;

/** SHA-256, as the core is given it. */
export const hash: Hash = (input) => createHash("sha256").update(input).digest("binary");

/** The digest of a name, where a sample needs one. */
export const digest = (name: string): Digest => hash(Buffer.from(name));

/** So many bytes, each one more than that before. */
export const bytes = (length: number, first: number): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => first + index);

/** How samples are written, and read if they are more than bytes. */
export interface SampleCodec<T> {
  readonly encode: (sample: T) => Uint8Array;
  readonly decode?: (input: Uint8Array) => T;
}

/** Defines the tests that samples encode to the vectors of a file, and that those decode to the samples. */
export function pin<T>(file: URL, samples: Record<string, T>, codec: SampleCodec<T>): void {
  const pinned = pinnedIn(file, samples, codec);
  test("every vector has its sample", () => {
    expect(Object.keys(pinned)).toEqual(Object.keys(samples));
  });
  test.each(Object.entries(samples))("%s", (name, sample) => {
    expect(hex(codec.encode(sample))).toBe(pinned[name]);
    expect(codec.decode?.(unhex(pinned[name])) ?? sample).toStrictEqual(sample);
  });
}

/** {@link pin}s the frames of messages, and defines the tests that of each frame all bytes are needed and no more. */
export function pinFrames(file: URL, samples: Record<string, Message>): void {
  const decode = (input: Uint8Array): Message => {
    const { instance, message } = decodeFrame(input, hash);
    expect(instance).toBe(INSTANCE);
    return message;
  };
  pin(file, samples, { encode: (message) => encodeFrame(INSTANCE, message), decode });
  test.each(Object.entries(samples))("%s, cut anywhere or with more after it, is none", (_name, sample) => {
    const whole = encodeFrame(INSTANCE, sample);
    for (let length = 0; length < whole.length; length += 1)
      expect(() => decode(whole.subarray(0, length)), `${length} bytes`).toThrow(DecodeError);
    expect(() => decode(Buffer.concat([whole, Buffer.of(0)]))).toThrow(DecodeError);
  });
}

/** The vectors in a file; those of the samples when they are to be written. */
function pinnedIn<T>(file: URL, samples: Record<string, T>, codec: SampleCodec<T>): Record<string, string> {
  if (process.env["WRITE_VECTORS"] === "1") {
    const made = Object.entries(samples).map(([name, sample]) => [name, hex(codec.encode(sample))]);
    writeFileSync(file, `${JSON.stringify(Object.fromEntries(made), null, 2)}\n`);
  }
  return JSON.parse(readFileSync(file, "utf8")) as Record<string, string>;
}

function hex(array: Uint8Array): string {
  return Buffer.from(array).toString("hex");
}

function unhex(text = ""): Uint8Array {
  return Buffer.from(text, "hex");
}
