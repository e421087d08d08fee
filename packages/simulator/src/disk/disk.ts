import type { LogRecord, SavedCheckpoint, Watermark } from "@destiny/core/effects/effects";
import type { InstanceId, Micros, SequenceNumber } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { RestoredCheckpoint } from "@destiny/core/replica/state-keeper";
import { KEPT_KINDS } from "@destiny/core/wire/messages";
import type { Piece } from "@destiny/core/wire/state-transfer";
import type { Engine } from "../engine/engine.ts";

type Write =
  | { readonly type: "record"; readonly record: LogRecord }
  | { readonly type: "checkpoint"; readonly checkpoint: SavedCheckpoint }
  | { readonly type: "retire"; readonly watermarks: readonly Watermark[] };

type Slots = Map<SequenceNumber, Map<number, LogRecord>>;

/** Everything durable on a disk at one time. */
export interface DiskImage {
  readonly records: ReadonlyMap<InstanceId, Slots>;
  readonly watermarks: ReadonlyMap<InstanceId, SequenceNumber>;
  readonly checkpoints: readonly RestoredCheckpoint[];
}

function isKept({ message }: LogRecord): boolean {
  return KEPT_KINDS.includes(message.kind);
}

/**
 * One replica's log store. Writes become durable in the order in which they were asked for, each after a delay; a crash
 * loses those that were not. History below the watermarks stays, for peers that come late, unless a test limits it.
 */
export class SimulatedDisk {
  readonly #engine: Engine;
  readonly #delay: Micros;
  readonly #durable: () => void;
  #pending: Write[] = [];
  /** Writes asked for so far, those that crashes lost included; and how many of them are settled. */
  #position = 0;
  #durablePosition = 0;
  #crashes = 0;
  /** Retired slots of each instance that stay for peers that come late; the older ones are deleted. */
  historySlotsMax: number = Number.POSITIVE_INFINITY;
  /** Writes become durable only while this is false. */
  #stalled = false;
  #due = 0;
  #records = new Map<InstanceId, Slots>();
  #watermarks = new Map<InstanceId, SequenceNumber>();
  /** The newest, and those that stay readable beside it, the oldest first. */
  #checkpoints: readonly RestoredCheckpoint[] = [];

  /** `durable` is called whenever more is durable. */
  constructor(engine: Engine, delay: Micros, durable: () => void) {
    this.#engine = engine;
    this.#delay = delay;
    this.#durable = durable;
  }

  /** The position of everything written so far. */
  barrier(): number {
    return this.#position;
  }

  /** Everything up to this position is durable, or lost for good. */
  get durablePosition(): number {
    return this.#durablePosition;
  }

  append(record: LogRecord): void {
    this.#write({ type: "record", record });
  }

  saveCheckpoint(checkpoint: SavedCheckpoint): void {
    this.#write({ type: "checkpoint", checkpoint });
  }

  retire(watermarks: readonly Watermark[]): void {
    this.#write({ type: "retire", watermarks });
  }

  /** Nothing becomes durable until {@link resume}. */
  stall(): void {
    this.#stalled = true;
  }

  resume(): void {
    this.#stalled = false;
    this.#commit();
  }

  /** Loses what is not durable; but for the oldest `kept` writes, which had come so far although nobody was told. */
  crash(kept = 0): void {
    this.#crashes += 1;
    for (const write of this.#pending.slice(0, kept)) this.#apply(write);
    this.#pending = [];
    this.#due = 0;
    this.#durablePosition = this.#position;
  }

  /** Loses everything. */
  wipe(): void {
    this.crash();
    this.#records.clear();
    this.#watermarks.clear();
    this.#checkpoints = [];
  }

  /** A copy of all that is durable. */
  image(): DiskImage {
    return copyOf({ records: this.#records, watermarks: this.#watermarks, checkpoints: this.#checkpoints });
  }

  /** Loses everything, and holds again what an image says: an old backup, say. */
  putBack(image: DiskImage): void {
    this.crash();
    const { records, watermarks, checkpoints } = copyOf(image);
    this.#records = new Map(records);
    this.#watermarks = new Map(watermarks);
    this.#checkpoints = checkpoints;
  }

  /** Lets durable records and pages come back as something else from now on, and nobody notices. */
  corrupt(rot: { record(record: LogRecord): LogRecord; page(bytes: Uint8Array): Uint8Array }): void {
    for (const slots of this.#records.values()) {
      for (const kinds of slots.values()) {
        for (const [kind, record] of kinds) kinds.set(kind, rot.record(record));
      }
    }
    this.#checkpoints = this.#checkpoints.map((checkpoint) => ({
      ...checkpoint,
      pages: checkpoint.pages.map((page) => rot.page(page)),
    }));
  }

  /** Durable records of an instance above its watermark. */
  recordsAbove(instance: InstanceId): number {
    const low = this.#watermarks.get(instance) ?? 0;
    let count = 0;
    for (const [seq, kinds] of this.#records.get(instance) ?? []) if (seq > low) count += kinds.size;
    return count;
  }

  /** The newest durable checkpoint, and those kept beside it. */
  loadCheckpoint(): RestoredCheckpoint | null {
    const newest = this.#checkpoints.at(-1);
    return newest === undefined ? null : { ...newest, older: this.#checkpoints.slice(0, -1) };
  }

  /** Pieces of a durable checkpoint; null if that is not kept, or has no such pages. */
  pieces(seq: SequenceNumber, pieces: readonly Piece[]): Uint8Array[] | null {
    const checkpoint = this.#checkpoints.find((kept) => kept.seq === seq);
    if (checkpoint === undefined) return null;
    const found: Uint8Array[] = [];
    for (const { index, offset, length } of pieces) {
      const page = checkpoint.pages[index];
      if (page === undefined || page.length < offset + length) return null;
      found.push(page.subarray(offset, offset + length));
    }
    return found;
  }

  /** Durable records above the watermarks, by instance and slot. */
  *records(): Iterable<LogRecord> {
    for (const [instance, slots] of this.#records) {
      const low = this.#watermarks.get(instance) ?? 0;
      for (const [seq, kinds] of slots) {
        for (const record of kinds.values()) if (seq > low || isKept(record)) yield record;
      }
    }
  }

  /** Durable records of a range of slots. */
  *history(instance: InstanceId, first: SequenceNumber, last: SequenceNumber): Iterable<LogRecord> {
    const slots = this.#records.get(instance);
    if (slots === undefined) return;
    for (let seq = first; seq <= last; seq += 1) yield* slots.get(seq)?.values() ?? [];
  }

  #write(write: Write): void {
    this.#pending.push(write);
    this.#position += 1;
    const crashes = this.#crashes;
    this.#engine.after(this.#delay, () => {
      if (crashes !== this.#crashes) return;
      this.#due += 1;
      this.#commit();
    });
  }

  #commit(): void {
    if (this.#stalled || this.#due === 0) return;
    for (const write of this.#pending.splice(0, this.#due)) {
      this.#apply(write);
      this.#durablePosition += 1;
    }
    this.#due = 0;
    this.#durable();
  }

  #apply(write: Write): void {
    switch (write.type) {
      case "record":
        return this.#keep(write.record);
      case "checkpoint":
        return this.#keepCheckpoint(write.checkpoint);
      case "retire":
        for (const watermark of write.watermarks) this.#retire(watermark);
    }
  }

  #retire({ instance, seq }: Watermark): void {
    this.#watermarks.set(instance, Math.max(seq, this.#watermarks.get(instance) ?? 0));
    const slots = this.#records.get(instance);
    for (const [old, kinds] of slots ?? []) {
      if (old > seq - this.historySlotsMax) continue;
      for (const [kind, record] of kinds) if (!isKept(record)) kinds.delete(kind);
      if (kinds.size === 0) slots?.delete(old);
    }
  }

  #keep(record: LogRecord): void {
    const slots = this.#records.get(record.instance) ?? (new Map() as Slots);
    this.#records.set(record.instance, slots);
    const kinds = slots.get(record.seq) ?? new Map<number, LogRecord>();
    slots.set(record.seq, kinds);
    kinds.set(record.message.kind, record);
  }

  #keepCheckpoint({ seq, pages, pageCount, kept }: SavedCheckpoint): void {
    const before = this.#checkpoints.at(-1)?.pages ?? [];
    const changed = new Map(pages.map(({ index, bytes }) => [index, bytes]));
    const all = Array.from({ length: pageCount }, (_, index) =>
      present(changed.get(index) ?? before[index], "a page that was saved, now or before"),
    );
    const others = this.#checkpoints.filter((other) => other.seq !== seq && kept.includes(other.seq));
    this.#checkpoints = [...others, { seq, pages: all }];
  }
}

function copyOf({ records, watermarks, checkpoints }: DiskImage): DiskImage {
  const copied = [...records].map(([instance, slots]): [InstanceId, Slots] => [
    instance,
    new Map([...slots].map(([seq, kinds]) => [seq, new Map(kinds)])),
  ]);
  return { records: new Map(copied), watermarks: new Map(watermarks), checkpoints };
}
