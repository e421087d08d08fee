import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { decodeFrame, encodeFrame } from "./codec.ts";
import { LIMITS } from "./limits.ts";
import { MessageKind, Proposal } from "./messages.ts";
import { DecodeError } from "./reader.ts";
import { PROTOCOL_VERSION } from "./statement.ts";
import type { Hash } from "./value.ts";
import { FetchBodies, FIRST_VIEW_DIGEST, NewView, ViewChange } from "./view-change.ts";
import { Writer } from "./writer.ts";

const hash: Hash = (bytes) => createHash("sha256").update(bytes).digest("binary");
const digest = (name: string): string => hash(new TextEncoder().encode(name));
const certificate = new Uint8Array(64);

const header = (seq: number): Proposal =>
  new Proposal({
    kind: MessageKind.Prepare,
    view: 0,
    seq,
    digest: digest(`value ${seq}`),
    extension: 0,
    certificate,
    share: new Uint8Array(0),
    value: null,
    evidence: [],
  });

function viewChange(sender: number, count: number): ViewChange {
  const prepares = Array.from({ length: count }, (_, i) => header(i + 1));
  const first = { base: 0, baseDigest: FIRST_VIEW_DIGEST, anchor: null, chain: [] };
  const fields = { sender, to: 1, oLast: count, prepares, old: { view: 0, seq: count }, certificate };
  return ViewChange.of({ ...first, ...fields }, hash);
}

function newView(senders: number, count: number): NewView {
  const viewChanges = Array.from({ length: senders }, (_, sender) => viewChange(sender, count));
  const { prepares } = viewChange(0, count);
  return NewView.of({ view: 1, viewChanges, anchor: null, prepares, count: 1, certificate }, hash);
}

/** A ViewChange's frame with these items as its pool of headers, naming these of them. */
function spelt(pool: readonly Proposal[], named: readonly number[]): Uint8Array {
  const out = new Writer().u8(PROTOCOL_VERSION).u16(0).u8(MessageKind.ViewChange).u32(pool.length);
  for (const { view, seq, extension, digest: of } of pool) {
    out.u48(view).u48(seq).u48(extension).digest(of).bytes(certificate);
  }
  out.u32(0).u16(1).u48(1).u48(0).digest(FIRST_VIEW_DIGEST).u48(0).u8(0).u32(named.length);
  for (const index of named) out.u32(index);
  return out.u32(0).u48(0).u48(0).bytes(certificate).finish();
}

test("what all ViewChanges of a NewView list is sent once", () => {
  const size = (senders: number): number => encodeFrame(0, newView(senders, 100)).length;
  expect(size(10) - size(9)).toBeLessThan(800);
  expect(decodeFrame(encodeFrame(0, newView(3, 100)), hash).message).toStrictEqual(newView(3, 100));
});

test("the NewView of a large cluster fits into a frame", () => {
  expect(encodeFrame(0, newView(151, 256)).length).toBeLessThan(LIMITS.frameBytesMax / 8);
});

test("there is one spelling: items in the order in which they are named, all different, all named", () => {
  const reads = (pool: readonly Proposal[], named: readonly number[]): unknown =>
    decodeFrame(spelt(pool, named), hash).message;
  expect(reads([header(1), header(2)], [0, 1])).toMatchObject({ prepares: [header(1), header(2)] });
  expect(() => reads([header(2), header(1)], [1, 0])).toThrow(DecodeError);
  expect(() => reads([header(1), header(1)], [0, 1])).toThrow(DecodeError);
  expect(() => reads([header(1), header(2)], [0])).toThrow(DecodeError);
  expect(() => reads([header(1)], [0, 1])).toThrow(DecodeError);
});

test("a digest covers the content and nothing else of a ViewChange", () => {
  const original = viewChange(1, 3);
  expect(original.certified({ view: 0, seq: 2 }, certificate).digest).toBe(original.digest);
  expect(viewChange(2, 3).digest).not.toBe(original.digest);
  expect(viewChange(1, 2).digest).not.toBe(original.digest);
  expect(newView(2, 3).digest).not.toBe(newView(3, 3).digest);
  const other = original.certified({ view: 0, seq: 2 }, certificate);
  const fields = { ...newView(1, 3), viewChanges: [other] };
  expect(NewView.of(fields, hash).digest).not.toBe(newView(1, 3).digest);
});

test("more digests than one answer can serve are refused", () => {
  const ask = (count: number): unknown =>
    decodeFrame(
      encodeFrame(0, new FetchBodies(Array.from({ length: count }, (_, i) => digest(`${i}`)))),
      hash,
    );
  ask(64);
  expect(() => ask(65)).toThrow(DecodeError);
});
