import fc from "fast-check";
import { expect, test } from "vitest";
import { encodeFrame, FrameParser } from "./frame-parser.ts";

const MAX = 1 << 20;

function frameOf(...bytes: number[]): Uint8Array {
  return encodeFrame(Uint8Array.from(bytes));
}

function header(length: number): Uint8Array {
  const out = new Uint8Array(4);
  new DataView(out.buffer).setUint32(0, length, true);
  return out;
}

function parserInto(frames: number[][], max = MAX): FrameParser {
  return new FrameParser(max, (frame) => frames.push([...frame]));
}

test("many frames in one chunk come out in order, as views into it", () => {
  const chunk = Buffer.concat([frameOf(1), frameOf(2, 3), frameOf(4, 5, 6)]);
  const views: Uint8Array[] = [];
  expect(new FrameParser(MAX, (frame) => views.push(frame)).push(chunk)).toBe(true);
  expect(views.map((view) => [...view])).toEqual([[1], [2, 3], [4, 5, 6]]);
  expect(views.every((view) => view.buffer === chunk.buffer)).toBe(true);
});

test("one byte at a time", () => {
  const frames: number[][] = [];
  const parser = parserInto(frames);
  for (const byte of Buffer.concat([frameOf(1), frameOf(2, 3), frameOf(4, 5, 6)])) {
    expect(parser.push(Uint8Array.of(byte))).toBe(true);
  }
  expect(frames).toEqual([[1], [2, 3], [4, 5, 6]]);
});

test("cut in two at every byte, and truncated at every byte", () => {
  const stream = Buffer.concat([frameOf(9, 8, 7), frameOf(6), frameOf(5, 4)]);
  const ends = [7, 12, 18];
  for (let cut = 0; cut <= stream.length; cut += 1) {
    const frames: number[][] = [];
    const parser = parserInto(frames);
    parser.push(stream.subarray(0, cut));
    expect(frames).toHaveLength(ends.filter((end) => end <= cut).length);
    parser.push(stream.subarray(cut));
    expect(frames).toEqual([[9, 8, 7], [6], [5, 4]]);
  }
});

test("any frames in any chunks", () => {
  const bodies = fc.array(fc.uint8Array({ minLength: 1, maxLength: 40 }), { maxLength: 20 });
  fc.assert(
    fc.property(bodies, fc.array(fc.integer({ min: 1, max: 60 }), { minLength: 1 }), (sent, sizes) => {
      const stream = Buffer.concat(sent.map(encodeFrame));
      const frames: number[][] = [];
      const parser = parserInto(frames);
      for (let at = 0, i = 0; at < stream.length; i += 1) {
        const size = sizes[i % sizes.length] ?? 1;
        parser.push(stream.subarray(at, at + size));
        at += size;
      }
      expect(frames).toEqual(sent.map((body) => [...body]));
    }),
  );
});

test("a large frame over many chunks is one allocation of its own", () => {
  const body = new Uint8Array(300_000).map((_, index) => index % 251);
  const stream = encodeFrame(body);
  const frames: Uint8Array[] = [];
  const parser = new FrameParser(MAX, (frame) => frames.push(frame));
  for (let at = 0; at < stream.length; at += 16_384) parser.push(stream.subarray(at, at + 16_384));
  expect(frames).toHaveLength(1);
  expect(Buffer.compare(frames[0] ?? new Uint8Array(0), body)).toBe(0);
  expect(frames[0]?.buffer.byteLength).toBe(body.length);
});

test.each([0, MAX + 1, 2 ** 31, 2 ** 31 - 1, 2 ** 32 - 1])("a length of %d ends the stream", (length) => {
  for (const step of [1, 4, 100]) {
    const frames: number[][] = [];
    const parser = parserInto(frames);
    const stream = Buffer.concat([frameOf(1), header(length), frameOf(2), frameOf(3)]);
    let good = true;
    for (let at = 0; at < stream.length; at += step) good = parser.push(stream.subarray(at, at + step));
    expect(good).toBe(false);
    expect(frames).toEqual([[1]]);
    expect(parser.push(frameOf(4))).toBe(false);
    expect(frames).toEqual([[1]]);
  }
});

test("lengths 1 and the largest are frames", () => {
  const lengths: number[] = [];
  const parser = new FrameParser(1000, (frame) => lengths.push(frame.length));
  parser.push(encodeFrame(new Uint8Array(1000)));
  parser.push(frameOf(1));
  expect(lengths).toEqual([1000, 1]);
});

test("announcing the largest frame over and over does not take its memory", () => {
  const before = process.memoryUsage.rss();
  const parsers = Array.from({ length: 20 }, () => new FrameParser(16 << 20, () => undefined));
  for (const parser of parsers) parser.push(Uint8Array.of(0, 0, 0, 1, 42));
  expect(process.memoryUsage.rss() - before).toBeLessThan(100 << 20);
});

test("the limit may be raised, and the parser stopped, from within a frame", () => {
  const frames: number[] = [];
  const parser = new FrameParser(2, (frame) => {
    frames.push(frame.length);
    parser.frameBytesMax = 5;
    if (frame.length === 5) parser.stop();
  });
  expect(parser.push(Buffer.concat([frameOf(1, 2), frameOf(1, 2, 3, 4, 5), frameOf(1)]))).toBe(false);
  expect(frames).toEqual([2, 5]);
});
