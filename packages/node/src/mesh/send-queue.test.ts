import { FrameParser } from "@destiny/core/wire/frame-parser";
import fc from "fast-check";
import { expect, test } from "vitest";
import { FRAME_COST_BYTES, SendQueue } from "./send-queue.ts";

const CHUNK = 65_536;

test("small frames come out as one piece, with their lengths before them", () => {
  const queue = new SendQueue(10_000);
  queue.push(Uint8Array.of(7));
  queue.push(Uint8Array.of(8, 9));
  expect(queue.bytes).toBe(11);
  expect(queue.take(CHUNK)).toEqual([Uint8Array.of(1, 0, 0, 0, 7, 2, 0, 0, 0, 8, 9)]);
  expect(queue.bytes).toBe(0);
  expect(queue.take(CHUNK)).toEqual([]);
});

test("a large frame is not copied", () => {
  const queue = new SendQueue(1 << 20);
  const frame = new Uint8Array(100_000);
  queue.push(frame);
  const [header, first] = queue.take(CHUNK);
  expect(header).toEqual(Uint8Array.of(0xa0, 0x86, 1, 0));
  expect(first?.buffer).toBe(frame.buffer);
  expect(first).toHaveLength(CHUNK - 4);
  expect(queue.length).toBe(1);
  const [rest] = queue.take(CHUNK);
  expect(rest).toHaveLength(100_000 - CHUNK + 4);
  expect(queue.length).toBe(0);
});

test("the bound holds, headers and the cost of a frame included, and what was taken makes room", () => {
  const queue = new SendQueue(30 + 2 * FRAME_COST_BYTES);
  expect(queue.push(new Uint8Array(20))).toBe(true);
  expect(queue.push(new Uint8Array(3))).toBe(false);
  expect(queue.push(new Uint8Array(2))).toBe(true);
  expect(queue.bytes).toBe(30);
  queue.take(CHUNK);
  expect(queue.push(new Uint8Array(26 + FRAME_COST_BYTES + 1))).toBe(false);
  expect(queue.push(new Uint8Array(26 + FRAME_COST_BYTES))).toBe(true);
});

test("any frames, taken in any pieces, are the stream that the parser reads", () => {
  const sizes = fc.array(
    fc.oneof(fc.integer({ min: 1, max: 300 }), fc.integer({ min: 16_000, max: 90_000 })),
    {
      maxLength: 30,
    },
  );
  fc.assert(
    fc.property(sizes, fc.integer({ min: 32_768, max: 200_000 }), (lengths, chunk) => {
      const queue = new SendQueue(1 << 30);
      const read: number[] = [];
      const parser = new FrameParser(1 << 20, (frame) => {
        expect(frame.every((byte) => byte === read.length % 256)).toBe(true);
        read.push(frame.length);
      });
      let written = 0;
      lengths.forEach((length, index) => {
        expect(queue.push(new Uint8Array(length).fill(index % 256))).toBe(true);
        if (index % 3 === 2) written += drain(queue, parser, chunk);
      });
      while (queue.length > 0) written += drain(queue, parser, chunk);
      expect(read).toEqual(lengths);
      expect(queue.bytes).toBe(0);
      expect(written).toBe(lengths.reduce((sum, length) => sum + length + 4, 0));
    }),
    { numRuns: 50 },
  );
});

test("slots of frames that are gone are given back while others wait", () => {
  const queue = new SendQueue(16 << 20);
  let last = 0;
  for (let i = 0; i < 20_000; i += 1) {
    queue.push(Uint8Array.of(i & 0xff));
    queue.push(Uint8Array.of(i & 0xff));
    if (i % 100 === 99) for (const piece of queue.take(600)) last = piece.length;
  }
  expect(last).toBe(600);
  expect(queue.length).toBe(20_000 * 2 - 200 * 120);
});

function drain(queue: SendQueue, parser: FrameParser, chunk: number): number {
  const pieces = queue.take(chunk);
  expect(pieces.length).toBeGreaterThan(0);
  const bytes = pieces.reduce((sum, piece) => sum + piece.length, 0);
  expect(bytes).toBeLessThanOrEqual(chunk);
  for (const piece of pieces) expect(parser.push(piece)).toBe(true);
  return bytes;
}
