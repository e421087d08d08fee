import {
  closeSync,
  existsSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { invariant } from "@destiny/core/kernel/invariant";
import { Store } from "./store.ts";
import { DamagedRecordError } from "./store-errors.ts";

const SLOTS = { instance: 2, kind: 3 };
/** Of a kind that retiring leaves alone. */
const VIEW = { instance: 2, kind: 9 };
/** In memory where there is such a place: what is tested is not the disk. */
const PLACE = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
/** The store lies in so many bytes, with what is written to it later. */
const REACH_BYTES = 1_048_576;
/** Of a record that is replaced: on two pages, and then on the same two, though one would do. */
const LONG_THEN_SHORT = [5_000, 3_000];

/** What became of a store that was damaged: it was refused, with advice; or everything that it gives is as it was. */
export type Verdict = "refused" | "unharmed";

/**
 * A small store with everything that one has: records on pages of the tree and on pages of their own, a branch above them,
 * history, records that are replaced, by shorter ones too, two checkpoints that share pages, and a list of free pages; and ways to damage it.
 */
export class DamageSubject {
  readonly #dir: string;
  /** The store's file, and the bytes of it while it is sound. */
  readonly file: string;
  readonly sound: Buffer;
  /** Bytes that are in use: the rest is reserved, in zeroes. */
  readonly used: number;
  readonly #fd: number;
  readonly #expected: string;
  readonly #expectedLater: string;

  private constructor(dir: string, expected: { now: string; later: string }, sound: Buffer) {
    this.#dir = dir;
    this.file = join(dir, "data.mdb");
    this.#fd = openSync(this.file, "r+");
    this.sound = sound;
    this.used = sound.findLastIndex((byte) => byte !== 0) + 1;
    this.#expected = expected.now;
    this.#expectedLater = expected.later;
    invariant(this.used < REACH_BYTES / 2, "a small store");
    this.#mend();
  }

  static async make(): Promise<DamageSubject> {
    const dir = mkdtempSync(join(PLACE, "store-damage-"));
    await write(dir);
    const sound = readFileSync(join(dir, "data.mdb"));
    const now = await contents(dir);
    await goOn(dir);
    return new DamageSubject(dir, { now, later: await contents(dir) }, sound);
  }

  /** @throws Error when the damage changed something unnoticed, or was noticed in no words for the operator */
  async flip(offset: number, bit: number): Promise<Verdict> {
    writeSync(this.#fd, Buffer.of((this.sound[offset] ?? 0) ^ (1 << bit)), 0, 1, offset);
    const verdict = await this.#judge(`bit ${bit} of byte ${offset}`);
    if (verdict === "refused") writeSync(this.#fd, this.sound, offset, 1, offset);
    else this.#mend();
    return verdict;
  }

  /** @throws Error as {@link flip} does */
  async cut(length: number): Promise<Verdict> {
    truncateSync(this.file, length);
    const verdict = await this.#judge(`cut to ${length} bytes`);
    truncateSync(this.file, this.sound.length);
    this.#mend();
    return verdict;
  }

  close(): void {
    closeSync(this.#fd);
    rmSync(this.#dir, { recursive: true, force: true });
  }

  /** What goes unnoticed must change nothing that is read, neither now nor when the store has been written to again. */
  async #judge(what: string): Promise<Verdict> {
    try {
      invariant((await contents(this.#dir)) === this.#expected, `${what}: what is read has changed`);
      await goOn(this.#dir);
      const later = await contents(this.#dir);
      invariant(later === this.#expectedLater, `${what}: what is read later has changed`);
      return "unharmed";
    } catch (error) {
      const isSaid = error instanceof ConfigurationError && / is damaged: /.test(error.message);
      if (isSaid || error instanceof DamagedRecordError) return "refused";
      throw new Error(`${what}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }

  #mend(): void {
    writeSync(this.#fd, this.sound, 0, REACH_BYTES, 0);
  }
}

function open(dir: string): Promise<Store> {
  const failed = (failure: Error): never => {
    throw failure;
  };
  const identity = { cluster: "c".repeat(32), replica: 0 };
  return Store.open({ dir, ...identity, historyBytesMax: 1e6, keptKinds: [VIEW.kind], failed });
}

function page(index: number, text: string): { index: number; bytes: Buffer } {
  return { index, bytes: Buffer.alloc(index === 2 ? 5_000 : 500, text) };
}

async function write(dir: string): Promise<void> {
  const store = await open(dir);
  const common = { cut: [1, 2], pageCount: 3 };
  // In one group: LMDB leaves a value on the pages that it took for the longer one.
  for (const bytes of LONG_THEN_SHORT)
    store.append({ ...VIEW, instance: 3, seq: 0 }, Buffer.alloc(bytes, "view."));
  for (let seq = 1; seq <= 20; seq += 1) {
    store.append({ ...SLOTS, seq }, Buffer.alloc(seq % 10 === 0 ? 5_000 : 250, `record ${seq}.`));
    store.append({ ...VIEW, seq: 0 }, Buffer.from(`view ${seq}`));
    if (seq % 7 === 0) await store.whenDurable(store.barrier());
  }
  const pages = [0, 1, 2].map((index) => page(index, `page ${index}.`));
  store.saveCheckpoint({ ...common, seq: 1, meta: Buffer.from("meta 1"), pages });
  store.retire([{ instance: 2, seq: 9 }]);
  await store.whenDurable(store.barrier());
  const changed = [page(1, "another page 1.")];
  store.saveCheckpoint({ ...common, seq: 2, meta: Buffer.from("meta 2"), pages: changed, kept: [1] });
  await store.close();
}

/** Writes on: over what the list of free pages names, and through the pages of the tree. */
async function goOn(dir: string): Promise<void> {
  const store = await open(dir);
  for (let seq = 21; seq <= 26; seq += 1) {
    store.append({ ...SLOTS, seq }, Buffer.alloc(seq % 2 === 0 ? 6_000 : 300, `later ${seq}.`));
    store.append({ ...VIEW, seq: 0 }, Buffer.from(`view ${seq}`));
    await store.whenDurable(store.barrier());
  }
  store.retire([{ instance: 2, seq: 15 }]);
  const common = { cut: [3, 4], pageCount: 3, meta: Buffer.from("meta 3") };
  store.saveCheckpoint({ ...common, seq: 3, pages: [page(0, "third page 0.")], kept: [2] });
  await store.close();
}

/** Everything that can be read from the store. */
async function contents(dir: string): Promise<string> {
  const store = await open(dir);
  try {
    const text = (bytes: Uint8Array | undefined): string => Buffer.from(bytes ?? []).toString("latin1");
    const live = [...store.records()].map(({ key, value }) => [key, text(value)]);
    const all = store.range(SLOTS, 1, 100, 1e9).map(({ seq, value }) => [seq, text(value)]);
    const { liveRecords, historyBytes } = store.statistics();
    const newest = store.loadCheckpoint();
    const checkpoints = [newest, ...(newest?.older ?? [])].map((each) => {
      return [each?.seq, each?.cut, each?.pageCount, [0, 1, 2].map((index) => text(each?.page(index)))];
    });
    return JSON.stringify([live, all, liveRecords, historyBytes, text(newest?.meta), checkpoints]);
  } finally {
    await store.close();
  }
}
