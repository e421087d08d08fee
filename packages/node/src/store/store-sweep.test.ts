import { mkdtempSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { Random } from "@destiny/core/kernel/random";
import { afterAll, beforeAll, expect, test } from "vitest";
import { Store } from "./store.ts";
import { DamagedRecordError } from "./store-errors.ts";

const PAGE_BYTES = 4_096;
const LANE = { instance: 2, kind: 3 };

let dir: string;
let file: string;
let sound: Buffer;
/** Bytes of the file that are in use: the rest is reserved, in zeroes. */
let used: number;
let expected: string;

/** A store with records on pages of the tree and on pages of their own, a branch above them, history and two checkpoints. */
beforeAll(async () => {
  dir = mkdtempSync(join(tmpdir(), "store-sweep-"));
  file = join(dir, "data.mdb");
  const store = await open();
  for (let seq = 1; seq <= 60; seq += 1) {
    store.append({ ...LANE, seq }, Buffer.alloc(seq % 5 === 0 ? 9_000 : 300, `record ${seq}.`));
  }
  const page = (index: number, text: string): { index: number; bytes: Buffer } => {
    return { index, bytes: Buffer.alloc(5_000, text) };
  };
  const common = { cut: [], meta: Buffer.from("meta"), pageCount: 3 };
  store.saveCheckpoint({ ...common, seq: 1, pages: [0, 1, 2].map((index) => page(index, `page ${index}.`)) });
  store.retire([{ instance: 2, seq: 9 }]);
  await store.whenDurable(store.barrier());
  store.saveCheckpoint({ ...common, seq: 2, pages: [page(1, "another page 1.")], kept: [1] });
  await store.close();
  sound = readFileSync(file);
  used = sound.findLastIndex((byte) => byte !== 0) + 1;
  expected = await contents();
  expect(expected).toContain("another page 1.");
});

afterAll(() => rmSync(dir, { recursive: true, force: true }));

function open(): Promise<Store> {
  const failed = (failure: Error): never => {
    throw failure;
  };
  return Store.open({ dir, cluster: "c".repeat(32), replica: 0, historyBytesMax: 1e6, failed });
}

/** Everything that can be read from the store. */
async function contents(): Promise<string> {
  const store = await open();
  try {
    const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("latin1");
    const live = [...store.records()].map(({ key, value }) => [key, text(value)]);
    const all = store.range(LANE, 1, 100, 1e9).map(({ seq, value }) => [seq, text(value)]);
    const checkpoint = store.loadCheckpoint();
    const pages = [0, 1, 2].map((index) => [text(checkpoint?.page(index)), text(store.page(1, index))]);
    return JSON.stringify([live, all, checkpoint?.seq, pages]);
  } finally {
    await store.close();
  }
}

/** Whether it was noticed. Else everything is as it was: the damage is where nothing is. */
async function isNoticed(what: string): Promise<boolean> {
  try {
    expect(await contents(), what).toBe(expected);
    return false;
  } catch (error) {
    if (error instanceof DamagedRecordError) return true;
    if (!(error instanceof ConfigurationError)) throw error;
    expect(error.message).toMatch(/damaged|belongs to|format/);
    return true;
  }
}

/** Offsets of flips: some anywhere, and some in what LMDB would trust, its headers and the heads of its pages. */
function offsets(): number[] {
  const random = new Random(7);
  const heads = [0, 8, 18, 20, 22, 24, 25];
  const somewhere = Array.from({ length: 60 }, () => random.below(used));
  const structural = Array.from({ length: 60 }, () => {
    const page = random.below(Math.floor(used / PAGE_BYTES));
    const within = page < 2 ? 24 + random.below(136) : (heads[random.below(heads.length)] ?? 0);
    return page * PAGE_BYTES + within;
  });
  return [...somewhere, ...structural];
}

test("wherever one bit flips, the store is refused with advice, or nothing that is read has changed", async () => {
  let noticed = 0;
  for (const offset of offsets()) {
    const bytes = Buffer.from(sound);
    const bit = offset % 8;
    bytes[offset] = (bytes[offset] ?? 0) ^ (1 << bit);
    writeFileSync(file, bytes);
    if (await isNoticed(`bit ${bit} of byte ${offset}`)) noticed += 1;
  }
  expect(noticed).toBeGreaterThan(60);
}, 60_000);

test("wherever the file is cut within what is in use, it is refused", async () => {
  for (let length = 0; length < used; length += 3_989) {
    writeFileSync(file, sound);
    truncateSync(file, length);
    expect(await isNoticed(`cut to ${length} bytes`), `cut to ${length} of ${used} bytes`).toBe(true);
  }
}, 60_000);

test("what is reserved beyond may be cut", async () => {
  writeFileSync(file, sound);
  truncateSync(file, Math.ceil(used / PAGE_BYTES) * PAGE_BYTES);
  expect(await isNoticed("reserved space")).toBe(false);
});
