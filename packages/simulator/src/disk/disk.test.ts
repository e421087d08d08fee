import type { LogRecord } from "@destiny/core/effects/effects";
import { Pull } from "@destiny/core/wire/messages";
import type { Piece } from "@destiny/core/wire/state-transfer";
import { expect, test } from "vitest";
import { Engine } from "../engine/engine.ts";
import { SimulatedDisk } from "./disk.ts";

const record = (seq: number, instance = 0): LogRecord => ({
  instance,
  seq,
  message: new Pull(seq, seq, false),
});
const page = (index: number, byte: number): { index: number; bytes: Uint8Array } => {
  return { index, bytes: Uint8Array.of(byte) };
};

function open(): { engine: Engine; disk: SimulatedDisk; durable: number[] } {
  const engine = new Engine();
  const durable: number[] = [];
  const disk = new SimulatedDisk(engine, 100, () => void durable.push(disk.durablePosition));
  return { engine, disk, durable };
}

const seqs = (records: Iterable<LogRecord>): number[] => [...records].map(({ seq }) => seq);

test("writes are durable after a delay, in order", () => {
  const { engine, disk, durable } = open();
  disk.append(record(1));
  engine.run(50);
  disk.append(record(2));
  expect(disk.barrier()).toBe(2);
  engine.run(120);
  expect(seqs(disk.records())).toEqual([1]);
  engine.run(200);
  expect(seqs(disk.records())).toEqual([1, 2]);
  expect(durable).toEqual([1, 2]);
});

test("a crash loses what was not durable, and nothing waits for it any more", () => {
  const { engine, disk } = open();
  disk.append(record(1));
  engine.run(150);
  disk.append(record(2));
  engine.run(200);
  disk.crash();
  expect(disk.durablePosition).toBe(disk.barrier());
  disk.append(record(3));
  engine.run(1_000);
  expect(seqs(disk.records())).toEqual([1, 3]);
});

test("while it is stalled nothing becomes durable; then all that is due does", () => {
  const { engine, disk } = open();
  disk.stall();
  disk.append(record(1));
  engine.run(500);
  expect(seqs(disk.records())).toEqual([]);
  disk.resume();
  expect(seqs(disk.records())).toEqual([1]);
});

test("a checkpoint is the pages that changed on top of those before", () => {
  const { engine, disk } = open();
  expect(disk.loadCheckpoint()).toBeNull();
  disk.saveCheckpoint({ seq: 4, pages: [page(0, 1), page(1, 2), page(2, 3)], pageCount: 3, kept: [] });
  disk.saveCheckpoint({ seq: 8, pages: [page(1, 9)], pageCount: 2, kept: [] });
  engine.run(1_000);
  const saved = disk.loadCheckpoint();
  expect(saved?.seq).toBe(8);
  expect(saved?.pages.map(([byte]) => byte)).toEqual([1, 9]);
});

test("earlier checkpoints can be read beside the newest as long as they are kept", () => {
  const { engine, disk } = open();
  const whole = (index: number): Piece => ({ index, offset: 0, length: 1 });
  const pieces = (seq: number): number[] | undefined =>
    disk.pieces(seq, [whole(0), whole(1)])?.map(([byte]) => byte ?? 0);
  disk.saveCheckpoint({ seq: 4, pages: [page(0, 1), page(1, 2)], pageCount: 2, kept: [] });
  expect(pieces(4)).toBeUndefined(); // Not durable yet.
  disk.saveCheckpoint({ seq: 8, pages: [page(1, 9)], pageCount: 2, kept: [4] });
  engine.run(1_000);
  expect([pieces(4), pieces(8)]).toEqual([
    [1, 2],
    [1, 9],
  ]);
  expect(disk.pieces(8, [whole(2)])).toBeNull();
  disk.saveCheckpoint({ seq: 12, pages: [page(0, 5)], pageCount: 2, kept: [8] });
  engine.run(2_000);
  expect([pieces(4), pieces(8), pieces(12)]).toEqual([undefined, [1, 9], [5, 9]]);
});

test("history may be limited", () => {
  const { engine, disk } = open();
  disk.historySlotsMax = 2;
  for (let seq = 1; seq <= 5; seq += 1) disk.append(record(seq));
  disk.retire([{ instance: 0, seq: 4 }]);
  engine.run(1_000);
  expect(seqs(disk.history(0, 1, 5))).toEqual([3, 4, 5]);
});

test("what is retired is not recovered, but there for peers that come late", () => {
  const { engine, disk } = open();
  for (let seq = 1; seq <= 5; seq += 1) for (const instance of [0, 1]) disk.append(record(seq, instance));
  disk.retire([{ instance: 0, seq: 3 }]);
  engine.run(1_000);
  expect(seqs(disk.records())).toEqual([4, 5, 1, 2, 3, 4, 5]);
  expect(seqs(disk.history(0, 2, 4))).toEqual([2, 3, 4]);
  expect(seqs(disk.history(7, 1, 9))).toEqual([]);
});

test("an image that is put back is all that there is, and later writes leave it as it was", () => {
  const { engine, disk } = open();
  disk.append(record(1));
  disk.saveCheckpoint({ seq: 1, pages: [page(0, 7)], pageCount: 1, kept: [] });
  engine.run(1_000);
  const image = disk.image();
  disk.append(record(2));
  disk.retire([{ instance: 0, seq: 1 }]);
  disk.saveCheckpoint({ seq: 2, pages: [page(0, 8)], pageCount: 1, kept: [] });
  engine.run(2_000);
  disk.append(record(3));
  for (let time = 1; time <= 2; time += 1) {
    disk.putBack(image);
    expect(seqs(disk.records())).toEqual([1]);
    expect(disk.loadCheckpoint()?.seq).toBe(1);
    disk.append(record(4));
    engine.run(2_000 + time * 1_000);
    expect(disk.recordsAbove(0)).toBe(2);
  }
});

test("what is corrupt comes back as something else, wherever it is read", () => {
  const { engine, disk } = open();
  for (const seq of [1, 2]) disk.append(record(seq));
  disk.saveCheckpoint({ seq: 1, pages: [page(0, 7)], pageCount: 1, kept: [] });
  engine.run(1_000);
  const other = new Pull(9, 9, true);
  disk.corrupt({
    record: (each) => (each.seq === 2 ? { ...each, message: other } : each),
    page: () => Uint8Array.of(8),
  });
  expect([...disk.records()].map(({ message }) => message)).toEqual([record(1).message, other]);
  expect([...disk.history(0, 2, 2)].map(({ message }) => message)).toEqual([other]);
  expect(disk.loadCheckpoint()?.pages).toEqual([Uint8Array.of(8)]);
});
