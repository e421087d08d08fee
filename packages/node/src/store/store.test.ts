import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inspectStore } from "./inspection.ts";
import { Store, type StoreOptions } from "./store.ts";

const CLUSTER = "c".repeat(32);
let dir: string;
const opened: Store[] = [];

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "store-"));
});

afterEach(async () => {
  for (const store of opened.splice(0)) await store.close();
  rmSync(dir, { recursive: true, force: true });
});

async function open(options: Partial<StoreOptions> = {}): Promise<Store> {
  const failed = (failure: Error): never => {
    throw failure;
  };
  const store = await Store.open({
    dir,
    cluster: CLUSTER,
    replica: 1,
    historyBytesMax: 1e6,
    failed,
    ...options,
  });
  opened.push(store);
  return store;
}

async function close(store: Store): Promise<void> {
  opened.splice(opened.indexOf(store), 1);
  await store.close();
}

async function reopen(store: Store, options: Partial<StoreOptions> = {}): Promise<Store> {
  await close(store);
  return open(options);
}

/** Bytes that differ from record to record. */
function valueFor(seq: number, length = 100): Buffer {
  return Buffer.alloc(length, `${seq},`);
}

function append(store: Store, seqs: readonly number[], instance = 0, kind = 1): void {
  for (const seq of seqs) store.append({ instance, kind, seq }, valueFor(seq));
}

function seqsIn(store: Store): number[] {
  return [...store.records()].map(({ key }) => key.seq);
}

/** All that has been asked for is durable, and so is the deleting that this set off. */
async function settled(store: Store): Promise<void> {
  let position = -1;
  while (position < store.barrier()) {
    position = store.barrier();
    await store.whenDurable(position);
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("what was durable is there after reopening, in key order, whatever the order of writing", async () => {
  const store = await open();
  const keys = [
    { instance: 0xffff, kind: 1, seq: 3 },
    { instance: 0, kind: 255, seq: 1 },
    { instance: 0, kind: 1, seq: 2 ** 48 - 1 },
    { instance: 0, kind: 1, seq: 256 },
    { instance: 0, kind: 1, seq: 7 },
  ];
  for (const key of keys) store.append(key, valueFor(key.seq));
  await store.whenDurable(store.barrier());

  const again = await reopen(store);

  const records = [...again.records()];
  expect(records.map(({ key }) => key)).toEqual([...keys].reverse());
  for (const { key, value } of records) expect(valueFor(key.seq).equals(value)).toBe(true);
  expect([...again.records({ instance: 0, kind: 1, seq: 257 })].map(({ key }) => key.seq)).toEqual([
    2 ** 48 - 1,
    1,
    3,
  ]);
});

test("values of 0 bytes and of 16 MiB come back, and an append under the same key replaces", async () => {
  const store = await open();
  const large = valueFor(1, 16 * 1024 * 1024);
  store.append({ instance: 0, kind: 1, seq: 1 }, large);
  store.append({ instance: 0, kind: 1, seq: 2 }, new Uint8Array());
  store.append({ instance: 0, kind: 1, seq: 3 }, valueFor(3));
  store.append({ instance: 0, kind: 1, seq: 3 }, valueFor(4));

  const again = await reopen(store);

  const values = [...again.records()].map(({ value }) => Buffer.from(value));
  expect(values[0]?.equals(large)).toBe(true);
  expect(values.slice(1)).toEqual([Buffer.alloc(0), valueFor(4)]);
});

test("positions become durable in order, and one turn's appends in one group", async () => {
  const store = await open();
  const seen: number[] = [];
  store.onDurable((position) => seen.push(position));
  append(store, [1, 2, 3]);
  const barrier = store.barrier();
  expect(barrier).toBe(3);
  expect(store.durablePosition).toBe(0);
  const resolved: number[] = [];
  const first = store.whenDurable(1).then(() => resolved.push(1));
  const third = store.whenDurable(3).then(() => resolved.push(3));
  await new Promise((resolve) => queueMicrotask(() => resolve(null)));
  append(store, [4, 5]);

  await store.whenDurable(5);
  await Promise.all([first, third]);

  expect(resolved).toEqual([1, 3]);
  expect(seen).toEqual([3, 5]);
  expect(store.statistics()).toMatchObject({ groups: 2, pendingBytes: 0, liveRecords: 5 });
});

test("closing makes durable what was only noted", async () => {
  const store = await open();
  append(store, [1, 2]);
  expect(seqsIn(await reopen(store))).toEqual([1, 2]);
});

test("a checkpoint replaces pages, keeps the others, and drops those beyond its end", async () => {
  const store = await open();
  const page = (index: number, text: string): { index: number; bytes: Buffer } => ({
    index,
    bytes: Buffer.from(text),
  });
  expect(store.loadCheckpoint()).toBeUndefined();
  const pages = [page(0, "a0"), page(1, "a1"), page(2, "a2")];
  store.saveCheckpoint({ seq: 10, cut: [4, 6], meta: Buffer.from("first"), pages, pageCount: 3 });
  store.saveCheckpoint({
    seq: 20,
    cut: [9, 11],
    meta: Buffer.from("second"),
    pages: [page(1, "b1")],
    pageCount: 2,
  });
  store.saveCheckpoint({ seq: 30, cut: [9, 12], meta: Buffer.from("third"), pages: [], pageCount: 3 });

  const checkpoint = (await reopen(store)).loadCheckpoint();

  expect(checkpoint).toMatchObject({ seq: 30, cut: [9, 12], pageCount: 3 });
  expect(Buffer.from(checkpoint?.meta ?? []).toString()).toBe("third");
  const texts = [0, 1, 2, 3].map((index) => checkpoint?.page(index)?.toString());
  expect(texts).toEqual(["a0", "b1", undefined, undefined]);
});

test("earlier checkpoints stay readable while they are kept, and leave nothing behind when they are not", async () => {
  const store = await open();
  const page = (index: number, text: string): { index: number; bytes: Buffer } => {
    return { index, bytes: Buffer.from(text) };
  };
  const save = (seq: number, pages: ReturnType<typeof page>[], kept: number[]): void =>
    store.saveCheckpoint({ seq, cut: [], meta: Buffer.alloc(0), pages, pageCount: 2, kept });
  const read = (seq: number): unknown[] => [0, 1].map((index) => store.page(seq, index)?.toString());
  save(10, [page(0, "a0"), page(1, "a1")], []);
  expect(read(10)).toEqual([undefined, undefined]); // Not durable yet.
  save(20, [page(1, "b1")], [10]);
  save(30, [page(0, "c0")], [10, 20]);
  await settled(store);
  expect([10, 20, 30].map(read)).toEqual([
    ["a0", "a1"],
    ["a0", "b1"],
    ["c0", "b1"],
  ]);
  save(40, [page(1, "d1")], [20]);
  await settled(store);
  expect([10, 20, 30, 40].map(read)).toEqual([
    [undefined, undefined],
    ["a0", "b1"],
    [undefined, undefined],
    ["c0", "d1"],
  ]);
  save(50, [], []);
  await close(store);
  expect((await inspectStore(dir)).checkpoint).toMatchObject({ seq: 50, pageCount: 2, pages: 2 });
});

test("a range gives what fits, the first record in any case, and history too", async () => {
  const store = await open();
  append(store, [1, 2, 3, 4, 5]);
  append(store, [3], 0, 2);
  store.retire([{ instance: 0, seq: 2 }]);
  await settled(store);
  const lane = { instance: 0, kind: 1 };
  const seqs = (from: number, to: number, bytesMax: number): number[] =>
    store.range(lane, from, to, bytesMax).map(({ seq }) => seq);

  expect(seqs(0, 9, 1e6)).toEqual([1, 2, 3, 4, 5]);
  expect(seqs(2, 4, 1e6)).toEqual([2, 3, 4]);
  expect(seqs(2, 5, 299)).toEqual([2, 3]);
  expect(seqs(2, 5, 0)).toEqual([2]);
  expect(seqs(6, 9, 1e6)).toEqual([]);
  expect(seqs(4, 3, 1e6)).toEqual([]);
});

test("retired records are history: not live, not kept when they come late; kept kinds stay", async () => {
  const store = await open({ keptKinds: [9] });
  append(store, [1, 2, 3]);
  append(store, [1, 2, 3], 1);
  append(store, [0], 0, 9);
  store.retire([{ instance: 0, seq: 2 }]);
  append(store, [1, 4]);
  store.append({ instance: 0, kind: 9, seq: 0 }, valueFor(9));
  await settled(store);
  const expected = [
    [0, 1, 3],
    [0, 1, 4],
    [0, 9, 0],
    [1, 1, 1],
    [1, 1, 2],
    [1, 1, 3],
  ];
  const live = (of: Store): number[][] =>
    [...of.records()].map(({ key }) => [key.instance, key.kind, key.seq]);
  expect(live(store)).toEqual(expected);

  const again = await reopen(store, { keptKinds: [9] });

  expect(live(again)).toEqual(expected);
  expect(again.range({ instance: 0, kind: 9 }, 0, 0, 1e6)[0]?.value).toEqual(valueFor(9));
  expect(again.statistics().historyBytes).toBeGreaterThan(0);
});

test("history beyond its limit is deleted, the oldest first, also across a reopening", async () => {
  const historyBytesMax = 40 * 4_096;
  let store = await open({ historyBytesMax });
  for (let checkpoint = 0; checkpoint < 20; checkpoint += 1) {
    for (let seq = checkpoint * 10; seq < checkpoint * 10 + 10; seq += 1) {
      store.append({ instance: 0, kind: 1, seq }, valueFor(seq, 4_000));
    }
    store.retire([{ instance: 0, seq: checkpoint * 10 + 4 }]);
    if (checkpoint % 5 === 4) store = await reopen(store, { historyBytesMax });
  }
  await settled(store);

  const kept = store.range({ instance: 0, kind: 1 }, 0, 1_000, 1e9).map(({ seq }) => seq);
  expect(seqsIn(store)).toEqual([195, 196, 197, 198, 199]);
  expect(kept).toEqual(Array.from({ length: kept.length }, (_, index) => 200 - kept.length + index));
  expect(kept.length).toBeGreaterThanOrEqual(25);
  expect(kept.length).toBeLessThanOrEqual(45);
  expect(store.statistics().historyBytes).toBeLessThanOrEqual(historyBytesMax);
});

test("the file stays flat over cycles of writing and retiring", async () => {
  const store = await open({ historyBytesMax: 4e6 });
  const sizes: number[] = [];
  for (let cycle = 0; cycle < 60; cycle += 1) {
    for (let seq = cycle * 10; seq < cycle * 10 + 10; seq += 1) {
      store.append({ instance: 0, kind: 1, seq }, valueFor(seq, 20_000 + ((seq * 7_919) % 180_000)));
    }
    store.retire([{ instance: 0, seq: cycle * 10 + 9 }]);
    await settled(store);
    sizes.push(store.statistics().fileBytes);
  }
  // 66 MB went through; 4 MB of history and one cycle of 1.1 MB are kept.
  expect(sizes[59]).toBe(sizes[20]);
  expect(sizes[59]).toBeLessThan(35e6);
});

test("another store of this directory, another cluster's and another replica's are refused", async () => {
  const store = await open();
  await expect(open()).rejects.toThrow(/in use by another process/);
  await expect(inspectStore(dir)).rejects.toThrow(/in use by another process/);
  await close(store);
  await expect(open({ cluster: "d".repeat(32) })).rejects.toThrow(/another cluster/);
  await expect(open({ replica: 2 })).rejects.toThrow(/belongs to replica 1/);
  await expect(open({ replica: 2 })).rejects.toBeInstanceOf(ConfigurationError);
  await open();
});

test("an inspection counts what there is and finds no damage", async () => {
  const store = await open();
  append(store, [4, 5, 9]);
  append(store, [1], 3, 7);
  store.retire([{ instance: 0, seq: 4 }]);
  const pages = [{ index: 1, bytes: Buffer.from("page") }];
  store.saveCheckpoint({ seq: 4, cut: [4], meta: Buffer.from("meta"), pages, pageCount: 2 });
  await close(store);

  expect(await inspectStore(dir)).toEqual({
    cluster: "63".repeat(32),
    replica: 1,
    records: [
      { instance: 0, kind: 1, records: 3, bytes: 300, firstSeq: 4, lastSeq: 9 },
      { instance: 3, kind: 7, records: 1, bytes: 100, firstSeq: 1, lastSeq: 1 },
    ],
    checkpoint: { seq: 4, cut: [4], pageCount: 2, pages: 1, metaBytes: 4 },
    damage: [],
  });
});

test("there is nothing to inspect where no store is", async () => {
  await expect(inspectStore(dir)).rejects.toThrow(/no store/);
  await expect(inspectStore(join(dir, "absent"))).rejects.toThrow(/no store/);
});
