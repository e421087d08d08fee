import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { Counter } from "@destiny/core/wire/statement";
import { afterEach, beforeEach, expect, test } from "vitest";
import { Journal } from "./journal.ts";
import { HEADER_BYTES, RECORD_BYTES } from "./journal-record.ts";
import type { CounterEntry } from "./request.ts";
import { AnchorLost } from "./rollback-anchor.ts";

const owner = "o".repeat(32);
let directory: string;
let path: string;
let anchorPath: string;

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), "destiny-journal-"));
  path = join(directory, "journal");
  anchorPath = join(directory, "anchor");
  Journal.create(directory, owner);
});

afterEach(() => rmSync(directory, { recursive: true }));

/** A memory of everything, which is what the journal should have. */
class Memory {
  readonly entries: CounterEntry[] = [];

  replay(entry: CounterEntry): void {
    this.entries.push(entry);
  }

  exportState(): { entries: CounterEntry[] } {
    return { entries: this.entries };
  }
}

function entry(seq: number): CounterEntry {
  return {
    kind: seq % 3 === 0 ? "continuing" : "independent",
    instance: seq % 2,
    counter: Counter.Order,
    value: { view: 1, seq },
    old: { view: 1, seq: seq - 1 },
    message: String.fromCharCode(seq & 0xff).repeat(32),
  };
}

function open(recordsPerFile = 16): { journal: Journal; memory: Memory } {
  const memory = new Memory();
  return { journal: Journal.open({ directory, owner, recordsPerFile }, memory), memory };
}

/** What a host that opens the directory now remembers. */
function remembered(): CounterEntry[] {
  const { journal, memory } = open();
  journal.close();
  return memory.entries;
}

async function write(groups: readonly (readonly number[])[], recordsPerFile = 16): Promise<Journal> {
  const { journal, memory } = open(recordsPerFile);
  for (const group of groups) {
    const entries = group.map(entry);
    memory.entries.push(...entries);
    await journal.commit(entries);
  }
  return journal;
}

function slot(index: number): number {
  return HEADER_BYTES + index * RECORD_BYTES;
}

/** Forgets that the anchor was told of records, as a power failure may. */
function forgetNotes(): void {
  const anchor = readFileSync(anchorPath);
  const newest = anchor.readUInt32LE(0) > anchor.readUInt32LE(512) ? 0 : 512;
  writeFileSync(anchorPath, anchor.fill(0, newest, newest + 22));
}

test("what was committed is there again, through any number of files", async () => {
  const groups = [[1, 2], [3], [4, 5, 6], [7], [8, 9, 10, 11], [12], [13, 14]];
  (await write(groups, 5)).close();
  expect(remembered()).toEqual(groups.flat().map(entry));
  expect(remembered()).toEqual(groups.flat().map(entry));
});

test("a group that is larger than a file starts a larger file", async () => {
  (await write([[1, 2, 3, 4, 5, 6, 7], [8]], 2)).close();
  expect(remembered()).toHaveLength(8);
});

test("cut or zeroed at any byte of the last record, it keeps the others and drops that one", async () => {
  const journal = await write([[1], [2]]);
  const anchor = readFileSync(anchorPath);
  await journal.commit([entry(3)]);
  const file = readFileSync(path);
  for (let bytes = 0; bytes < RECORD_BYTES; bytes += 1) {
    const zeroed = Buffer.from(file).fill(0, slot(2) + bytes, slot(3));
    for (const torn of [file.subarray(0, slot(2) + bytes), zeroed]) {
      writeFileSync(path, torn);
      writeFileSync(anchorPath, anchor); // The write never ended, so the anchor was not told.
      expect(remembered(), `${bytes} bytes`).toEqual([1, 2].map(entry));
    }
  }
});

test("of a group whose write never ended, any part may be missing", async () => {
  const journal = await write([[1]]);
  const anchor = readFileSync(anchorPath);
  await journal.commit([2, 3, 4].map(entry));
  const file = readFileSync(path);
  writeFileSync(path, Buffer.from(file).fill(0, slot(2), slot(3)));
  writeFileSync(anchorPath, anchor);
  expect(remembered()).toEqual([1, 2].map(entry));
});

test("a torn record whose certificates were released is a rollback, not an accident", async () => {
  (await write([[1], [2]])).close();
  writeFileSync(path, readFileSync(path).fill(0, slot(1) + 40, slot(2)));
  expect(() => remembered()).toThrow(/1 of at least 2 records/);
});

test("any changed byte of any record but a missing end is refused", async () => {
  (await write([[1], [2], [3]])).close();
  const file = readFileSync(path);
  for (let at = slot(0); at < slot(3); at += 1) {
    const damaged = Buffer.from(file);
    damaged[at] = (damaged[at] ?? 0) ^ 0x40;
    writeFileSync(path, damaged);
    expect(() => remembered(), `byte ${at}`).toThrow(ConfigurationError);
  }
});

test("a record that is missing from the middle is refused, with or without the anchor's help", async () => {
  (await write([[1], [2], [3]])).close();
  writeFileSync(path, readFileSync(path).fill(0, slot(1), slot(2)));
  expect(() => remembered()).toThrow(/record 1 is missing from the middle/);
});

test("records in each other's places, and records of an earlier file, are refused", async () => {
  (await write([[1], [2], [3]])).close();
  const file = readFileSync(path);
  const swapped = Buffer.from(file);
  file.copy(swapped, slot(0), slot(1), slot(2));
  writeFileSync(path, swapped);
  expect(() => remembered()).toThrow(/record 0 is damaged/);

  writeFileSync(path, file);
  (await write([[4]])).close();
  const later = readFileSync(path);
  file.copy(later, slot(0), slot(0), slot(1));
  writeFileSync(path, later);
  expect(() => remembered()).toThrow(/record 0 is damaged/);
});

test("an older copy from before a restart is refused", async () => {
  (await write([[1]])).close();
  copyFileSync(path, `${path}.old`);
  (await write([[2]])).close();
  copyFileSync(`${path}.old`, path);
  expect(() => remembered()).toThrow(/epoch 2 is an old copy, the anchor knows 3/);
});

test("an older copy from the same run is refused", async () => {
  const journal = await write([[1], [2]]);
  copyFileSync(path, `${path}.old`);
  await journal.commit([entry(3)]);
  journal.close();
  copyFileSync(`${path}.old`, path);
  expect(() => remembered()).toThrow(/an old or cut copy: 2 of at least 3 records/);
});

test("an anchor that lost its last notes with the power is a weaker bound, not an error", async () => {
  (await write([[1], [2], [3]])).close();
  forgetNotes();
  expect(remembered()).toEqual([1, 2, 3].map(entry));
});

test("without journal, without anchor, or with another signer's journal it does not start", async () => {
  const other = mkdtempSync(join(tmpdir(), "destiny-journal-"));
  Journal.create(other, "p".repeat(32));
  const saved = readFileSync(path);
  copyFileSync(join(other, "journal"), path);
  rmSync(other, { recursive: true });
  expect(() => remembered()).toThrow(/belongs to another signer/);
  rmSync(path);
  expect(() => remembered()).toThrow(ConfigurationError);
  writeFileSync(path, saved);
  rmSync(anchorPath);
  expect(() => remembered()).toThrow(/anchor is missing/);
});

test("an anchor with both slots damaged is refused", () => {
  writeFileSync(anchorPath, readFileSync(anchorPath).fill(1, 0, 1024));
  expect(() => remembered()).toThrow(/anchor is damaged/);
});

test("a crash between a new file and the anchor's knowing of it is no rollback", async () => {
  (await write([[1]])).close();
  const anchor = readFileSync(anchorPath);
  expect(remembered()).toHaveLength(1);
  writeFileSync(anchorPath, anchor);
  expect(remembered()).toHaveLength(1);
});

test("once a second process has opened the directory, the first releases nothing and replaces nothing", async () => {
  const { journal: first, memory } = open(2);
  memory.entries.push(entry(1));
  await first.commit([entry(1)]);
  const second = open();
  const file = readFileSync(path);

  await expect(first.commit([entry(2)])).rejects.toThrow(AnchorLost);
  memory.entries.push(entry(2), entry(3));
  await expect(first.commit([entry(3), entry(4)])).rejects.toThrow(AnchorLost);
  expect(readFileSync(path)).toEqual(file);
  await second.journal.commit([entry(2)]);
  second.journal.close();
  expect(remembered()).toEqual([1, 2].map(entry));
});
