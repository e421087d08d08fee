import type { Digest, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { Delivery } from "@destiny/core/ordering/orderer";
import type { AssignRequest } from "@destiny/core/wire/messages";
import type { Value } from "@destiny/core/wire/value";
import type { Observer } from "../stage/observer.ts";
import { demand } from "./violation.ts";

/** One step of the one order, as the first correct replica executed it. */
export type LogEntry =
  | {
      readonly type: "batch";
      readonly seq: SequenceNumber;
      readonly entry: number;
      readonly coordinator: ReplicaId;
      readonly value: Value;
    }
  | {
      readonly type: "assign";
      readonly client: Digest;
      readonly coordinator: ReplicaId;
      readonly nonce: number;
      readonly valid: boolean;
    };

export interface GlobalLogOptions {
  readonly faulty: ReadonlySet<ReplicaId>;
  /** Whether it matters who coordinates a batch: with a sole coordinator it is whoever is primary there and then. */
  readonly partitioned: () => boolean;
  /** An entry that no correct replica had executed before. */
  readonly grown: (entry: LogEntry, replica: ReplicaId) => void;
}

/** S1: what correct replicas execute are prefixes of one log. Replicas that restart or jump go on where they say they are. */
export class GlobalLog implements Observer {
  readonly entries: LogEntry[] = [];
  readonly #options: GlobalLogOptions;
  /** How many entries each replica has executed, in its present life. */
  readonly #cursors = new Map<ReplicaId, number>();
  /** Entries up to the end of a slot, where a checkpoint was taken. */
  readonly #ends = new Map<SequenceNumber, number>();

  constructor(options: GlobalLogOptions) {
    this.#options = options;
  }

  started(replica: ReplicaId): void {
    this.#cursors.set(replica, 0);
  }

  resumedFrom(replica: ReplicaId, seq: SequenceNumber): void {
    this.#cursors.set(replica, this.#endOf(seq));
  }

  delivered(replica: ReplicaId, { seq, entry, coordinator, value }: Delivery): void {
    this.#execute(replica, { type: "batch", seq, entry, coordinator, value });
  }

  assigned(replica: ReplicaId, { client, coordinator, nonce, valid }: AssignRequest): void {
    this.#execute(replica, { type: "assign", client, coordinator, nonce, valid: valid === true });
  }

  checkpointed(replica: ReplicaId, seq: SequenceNumber): void {
    if (this.#options.faulty.has(replica)) return;
    const cursor = this.#cursors.get(replica) ?? 0;
    const end = this.#ends.get(seq) ?? cursor;
    this.#ends.set(seq, end);
    demand(
      end === cursor,
      "S1 agreement",
      () => `replica ${replica} has executed ${cursor} entries at the end of slot ${seq}, others ${end}`,
    );
  }

  #execute(replica: ReplicaId, entry: LogEntry): void {
    if (this.#options.faulty.has(replica)) return;
    const cursor = this.#cursors.get(replica) ?? 0;
    this.#cursors.set(replica, cursor + 1);
    const known = this.entries[cursor];
    if (known === undefined) {
      this.entries.push(entry);
      this.#options.grown(entry, replica);
      return;
    }
    demand(
      this.#isSame(known, entry),
      "S1 agreement",
      () =>
        `replica ${replica} executed ${describeEntry(entry)} as entry ${cursor}, others ${describeEntry(known)}`,
    );
  }

  #isSame(a: LogEntry, b: LogEntry): boolean {
    if (a.type === "assign" || b.type === "assign") {
      return (
        a.type === "assign" &&
        b.type === "assign" &&
        a.client === b.client &&
        a.coordinator === b.coordinator &&
        a.nonce === b.nonce &&
        a.valid === b.valid
      );
    }
    const place = a.seq === b.seq && a.entry === b.entry && a.value.digest === b.value.digest;
    return place && (a.coordinator === b.coordinator || !this.#options.partitioned());
  }

  #endOf(seq: SequenceNumber): number {
    const known = this.#ends.get(seq);
    if (known !== undefined) return known;
    const beyond = this.entries.findIndex((entry) => entry.type === "batch" && entry.seq > seq);
    return beyond < 0 ? this.entries.length : beyond;
  }
}

/** An entry in a few words. */
function describeEntry(entry: LogEntry): string {
  if (entry.type === "assign") return `an assignment to ${entry.coordinator} (nonce ${entry.nonce})`;
  const digest = Buffer.from(entry.value.digest.slice(0, 4), "latin1").toString("hex");
  return `slot ${entry.seq}.${entry.entry} of coordinator ${entry.coordinator}, digest ${digest}`;
}
