import type { InstanceId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { LogKey } from "./layout.ts";

/** That log records up to a sequence number became history. */
export interface Watermark {
  readonly instance: InstanceId;
  readonly seq: SequenceNumber;
}

/** One or more neighbouring retirements, deleted as one. */
export interface Retirement {
  /** Orders retirements; their key on the disk. */
  readonly number: number;
  readonly watermarks: readonly Watermark[];
  /** Disk space of the records that these retirements made history. */
  readonly bytes: number;
}

/** Sequence numbers `first` to `last` of an instance, both included. */
export interface Span {
  readonly instance: InstanceId;
  readonly first: SequenceNumber;
  readonly last: SequenceNumber;
}

/** History is deleted in pieces of about this fraction of what may be kept. */
const PIECES = 64;
/** Above this, LMDB gives a value pages of its own. */
const INLINE_BYTES_MAX = 1_900;
const PAGE_BYTES = 4_096;
const RECORD_OVERHEAD_BYTES = 32;

/**
 * Which log records are live, which are history, and when history is too large. Kinds named in `keptKinds`
 * are never history: their sequence number is no slot.
 */
export class Retention {
  readonly #historyBytesMax: number;
  readonly #keptKinds: ReadonlySet<number>;
  /** Of each instance and kind: value bytes by sequence number; null until known. */
  readonly #live: Map<number, Map<SequenceNumber, number | null>> = new Map();
  readonly #watermarks: Map<InstanceId, SequenceNumber> = new Map();
  readonly #evicted: Map<InstanceId, SequenceNumber> = new Map();
  #history: Retirement[] = [];
  #historyBytes = 0;
  #nextNumber = 0;

  constructor(historyBytesMax: number, keptKinds: readonly number[]) {
    this.#historyBytesMax = historyBytesMax;
    this.#keptKinds = new Set(keptKinds);
  }

  /** Takes up what an earlier process left, retirements in order. */
  restore(watermarks: readonly Watermark[], history: readonly Retirement[]): void {
    for (const { instance, seq } of watermarks) this.#watermarks.set(instance, seq);
    this.#history = [...history];
    this.#historyBytes = history.reduce((sum, retirement) => sum + retirement.bytes, 0);
    this.#nextNumber = (history.at(-1)?.number ?? -1) + 1;
  }

  get historyBytes(): number {
    return this.#historyBytes;
  }

  get liveRecords(): number {
    let count = 0;
    for (const lane of this.#live.values()) count += lane.size;
    return count;
  }

  /** Whether a checkpoint already stands for the record. */
  isRetired(key: LogKey): boolean {
    return !this.#keptKinds.has(key.kind) && key.seq <= (this.#watermarks.get(key.instance) ?? -1);
  }

  /**
   * Takes a record in; `bytes` null when its size is not known yet. True when it is new, false when it
   * replaces one.
   */
  add(key: LogKey, bytes: number | null): boolean {
    const laneId = laneOf(key);
    const lane = this.#live.get(laneId) ?? new Map<SequenceNumber, number | null>();
    this.#live.set(laneId, lane);
    const isNew = !lane.has(key.seq);
    lane.set(key.seq, bytes);
    return isNew;
  }

  /** The size of a live record that was not known. */
  measured(key: LogKey, bytes: number): void {
    const lane = this.#live.get(laneOf(key));
    if (lane?.has(key.seq)) lane.set(key.seq, bytes);
  }

  /**
   * Instance and kind of all live records, in key order, each with the first sequence number that can be
   * live.
   */
  lanes(): { readonly instance: InstanceId; readonly kind: number; readonly firstSeq: SequenceNumber }[] {
    const lanes = [...this.#live.keys()].sort((a, b) => a - b);
    return lanes.map((laneId) => {
      const instance = laneId >>> 8;
      const kind = laneId & 0xff;
      const firstSeq = this.#keptKinds.has(kind) ? 0 : (this.#watermarks.get(instance) ?? -1) + 1;
      return { instance, kind, firstSeq };
    });
  }

  /** All that is retired, by instance. */
  watermarks(): Watermark[] {
    return [...this.#watermarks].map(([instance, seq]) => ({ instance, seq }));
  }

  /**
   * Makes live records history and returns the piece of history that has changed, and whether it is new.
   * `measure` tells the size of a record that was never read.
   */
  retire(
    watermarks: readonly Watermark[],
    measure: (key: LogKey) => number,
  ): { readonly piece: Retirement; readonly isNew: boolean } | null {
    const advanced = watermarks.filter(({ instance, seq }) => seq > (this.#watermarks.get(instance) ?? -1));
    if (advanced.length === 0) return null;
    let bytes = 0;
    for (const { instance, seq } of advanced) {
      this.#watermarks.set(instance, seq);
      bytes += this.#forget(instance, seq, measure);
    }
    const next = this.#nextNumber;
    const piece = this.#pieceFor(advanced, bytes);
    this.#history.push(piece);
    this.#historyBytes += bytes;
    return { piece, isNew: piece.number === next };
  }

  /**
   * The oldest piece of history, taken off the books, when there is more than may be kept; the newest piece
   * too.
   */
  takeExcess(): Retirement | null {
    if (this.#historyBytes <= this.#historyBytesMax) return null;
    const oldest = this.#history.shift();
    if (oldest === undefined) return null;
    this.#historyBytes -= oldest.bytes;
    return oldest;
  }

  /**
   * Where the records of an evicted piece lie: from after the last evicted one of its instance to its
   * watermark.
   */
  evict(piece: Retirement): Span[] {
    return piece.watermarks.map(({ instance, seq }) => {
      const first = (this.#evicted.get(instance) ?? -1) + 1;
      this.#evicted.set(instance, seq);
      return { instance, first, last: seq };
    });
  }

  /** Whether records of this kind stay until overwritten. */
  isKept(kind: number): boolean {
    return this.#keptKinds.has(kind);
  }

  #forget(instance: InstanceId, seq: SequenceNumber, measure: (key: LogKey) => number): number {
    let bytes = 0;
    for (const [laneId, lane] of this.#live) {
      const kind = laneId & 0xff;
      if (laneId >>> 8 !== instance || this.#keptKinds.has(kind)) continue;
      for (const [recordSeq, known] of lane) {
        if (recordSeq > seq) continue;
        bytes += diskBytes(known ?? measure({ instance, kind, seq: recordSeq }));
        lane.delete(recordSeq);
      }
      if (lane.size === 0) this.#live.delete(laneId);
    }
    return bytes;
  }

  /** Small retirements join the newest piece, so that there are never many. */
  #pieceFor(advanced: readonly Watermark[], bytes: number): Retirement {
    const newest = this.#history.at(-1);
    if (newest === undefined || newest.bytes + bytes > this.#historyBytesMax / PIECES) {
      return { number: this.#nextNumber++, watermarks: advanced, bytes };
    }
    this.#history.pop();
    const merged = new Map(newest.watermarks.map(({ instance, seq }) => [instance, seq]));
    for (const { instance, seq } of advanced) merged.set(instance, seq);
    const watermarks = [...merged].map(([instance, seq]) => ({ instance, seq }));
    return { number: newest.number, watermarks, bytes: newest.bytes + bytes };
  }
}

function laneOf(key: LogKey): number {
  return key.instance * 256 + key.kind;
}

function diskBytes(valueBytes: number): number {
  const bytes = valueBytes + RECORD_OVERHEAD_BYTES;
  return bytes <= INLINE_BYTES_MAX ? bytes : Math.ceil(bytes / PAGE_BYTES) * PAGE_BYTES;
}
