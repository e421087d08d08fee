import { mkdtempSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { afterEach, beforeEach, expect, test } from "vitest";
import { inspectStore } from "./inspection.ts";
import { Store } from "./store.ts";
import { DamagedRecordError } from "./store-errors.ts";

let dir: string;
let file: string;

beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "store-damage-"));
  file = join(dir, "data.mdb");
});

afterEach(() => rmSync(dir, { recursive: true, force: true }));

function open(): Promise<Store> {
  const failed = (failure: Error): never => {
    throw failure;
  };
  return Store.open({ dir, cluster: "c".repeat(32), replica: 0, historyBytesMax: 1e6, failed });
}

const SEQ = 5;

/** A store with records 1 to 9 and one page, all with bytes that occur nowhere else. */
async function written(length: number): Promise<void> {
  const store = await open();
  for (let seq = 1; seq < 10; seq += 1)
    store.append({ instance: 2, kind: 3, seq }, textOf(`record ${seq}.`, length));
  const pages = [{ index: 0, bytes: textOf("page 0.", length) }];
  store.saveCheckpoint({ seq: 1, cut: [], meta: Buffer.from("meta!"), pages, pageCount: 1 });
  await store.close();
}

function textOf(text: string, length: number): Buffer {
  return Buffer.alloc(length, text);
}

/** Flips one bit wherever the text occurs: LMDB may have copies on pages that are free now. */
function flipBitIn(text: string | Buffer): void {
  const bytes = readFileSync(file);
  let found = 0;
  for (let at = bytes.indexOf(text); at >= 0; at = bytes.indexOf(text, at + 1)) {
    bytes[at + 3] = (bytes[at + 3] ?? 0) ^ 1;
    found += 1;
  }
  expect(found).toBeGreaterThan(0);
  writeFileSync(file, bytes);
}

test.each([100, 5_000, 500_000])(
  "a flipped bit in a record of %i bytes is found, and its key named",
  async (length) => {
    await written(length);
    flipBitIn(textOf(`record ${SEQ}.`, 60).toString());

    const store = await open();
    const read: number[] = [];
    let error: unknown;
    try {
      for (const { key } of store.records()) read.push(key.seq);
    } catch (caught) {
      error = caught;
    }
    expect(read).toEqual([1, 2, 3, 4]);
    expect(error).toBeInstanceOf(DamagedRecordError);
    expect((error as DamagedRecordError).key).toEqual({ instance: 2, kind: 3, seq: SEQ });
    expect(() => store.range({ instance: 2, kind: 3 }, 1, 9, 1e9)).toThrow(DamagedRecordError);
    await store.close();

    const { damage, records } = await inspectStore(dir);
    expect(damage).toEqual([expect.stringContaining("instance 2, kind 3, sequence number 5")]);
    expect(records[0]?.records).toBe(9);
  },
);

test("a flipped bit in a page or in what came with the checkpoint is found", async () => {
  await written(5_000);
  flipBitIn(textOf("page 0.", 60).toString());
  const store = await open();
  expect(() => store.loadCheckpoint()?.page(0)).toThrow(DamagedRecordError);
  await store.close();
  flipBitIn("meta!");
  await expect(open()).rejects.toThrow(ConfigurationError);
});

test("a record that was lost, or whose key changed, is missed when opening", async () => {
  await written(100);
  const key = Buffer.from([1, 0, 2, 3, 0, 0, 0, 0, 0, SEQ]);
  flipBitIn(key);
  await expect(open()).rejects.toThrow(/is damaged/);
});

test("a file cut short anywhere is refused before it is mapped", async () => {
  await written(20_000);
  const { size } = statSync(file);
  const used = 9 * 20_000;
  for (const length of [used, 60_000, 8_192, 8_191, 4_096, 200, 1, 0]) {
    expect(length).toBeLessThan(size);
    truncateSync(file, length);
    await expect(open()).rejects.toThrow(/is damaged: .*Move the directory aside/);
    await expect(open()).rejects.toBeInstanceOf(ConfigurationError);
  }
});

test("a damaged header is refused: LMDB would go back to the commit before", async () => {
  await written(100);
  const sound = readFileSync(file);
  const transaction = (page: number): number => page * 4_096 + 152;
  const newest = sound.readBigUInt64LE(transaction(0)) > sound.readBigUInt64LE(transaction(1)) ? 0 : 1;
  for (const offset of [24, 48, 144 + 3, 152, 152 + 5]) {
    const bytes = Buffer.from(sound);
    const at = newest * 4_096 + offset;
    bytes[at] = (bytes[at] ?? 0) ^ 2;
    writeFileSync(file, bytes);
    await expect(open(), `offset ${offset}`).rejects.toThrow(ConfigurationError);
  }
});
