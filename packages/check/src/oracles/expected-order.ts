import type { Digest, InstanceId, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { Message } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Observer } from "../stage/observer.ts";
import type { LogEntry } from "./global-log.ts";
import { type ListedEntry, readOrderList } from "./order-list.ts";
import { hex } from "./text.ts";
import { demand } from "./violation.ts";

export interface ExpectedOrderOptions {
  readonly n: number;
  readonly partitioned: () => boolean;
  /** The value that a quorum stands behind, as a replica that executes it may know; null if none does. */
  readonly certified: (instance: InstanceId, seq: SequenceNumber, replica: ReplicaId) => Digest | null;
  /** Entries of one list that count. */
  readonly entriesMax: number;
  /** References to one instance in one list that count. */
  readonly referencesMax: number;
}

/**
 * S4 and S5: what is executed is what the certified values say, and nothing before it is certified. Folds the ordered lists by
 * the rule of dqbft.md 4.4, restated: a reference counts if it names the next slot of its instance, and is skipped if not.
 */
export class ExpectedOrder implements Observer {
  readonly #options: ExpectedOrderOptions;
  readonly #values = new Map<Digest, Uint8Array>();
  readonly #cut: SequenceNumber[];
  #replica: ReplicaId = 0;
  /** The list that is being folded, and its next entry. */
  #seq: SequenceNumber = 0;
  #list: readonly ListedEntry[] = [];
  #next = 0;
  #named: number[] = [];

  constructor(options: ExpectedOrderOptions) {
    this.#options = options;
    this.#cut = new Array<SequenceNumber>(options.n).fill(0);
  }

  /** Remembers what digests stand for. */
  sent({ content }: Parcel): void {
    const message = content as Message & { readonly value?: { digest: Digest; bytes: Uint8Array } | null };
    const { value } = message;
    if (value !== null && value !== undefined) this.#values.set(value.digest, value.bytes);
  }

  /** This replica executes it, as the first. */
  grow(entry: LogEntry, replica: ReplicaId): void {
    this.#replica = replica;
    if (this.#options.partitioned()) this.#compare(entry);
    else if (entry.type === "batch") this.#demandCertified(0, entry.seq, entry.value.digest);
  }

  #compare(entry: LogEntry): void {
    const { seq, index, listed } = this.#advance();
    if (entry.type === "assign") {
      const same = listed.type === "assign" && listed.client === entry.client && listed.nonce === entry.nonce;
      demand(same, "S4 mapping", () => `an assignment is executed where slot ${seq}.${index} says otherwise`);
      return;
    }
    const { seq: at, entry: place, coordinator, value } = entry;
    const same =
      listed.type === "reference" && seq === at && index === place && listed.instance === coordinator;
    demand(
      same,
      "S4 mapping",
      () =>
        `slot ${at}.${place} of coordinator ${coordinator} is executed, and slot ${seq}.${index} comes next`,
    );
    this.#demandCertified(coordinator, listed.seq, value.digest);
  }

  #demandCertified(instance: InstanceId, seq: SequenceNumber, digest: Digest): void {
    const certified = this.#options.certified(instance, seq, this.#replica);
    demand(
      certified === digest,
      "S5 execution gate",
      () =>
        `instance ${instance} slot ${seq}: ${hex(digest)} is executed, and a quorum stands behind ${hex(certified ?? "none")}`,
    );
  }

  /** The next entry that counts. */
  #advance(): { readonly seq: SequenceNumber; readonly index: number; readonly listed: ListedEntry } {
    for (;;) {
      while (this.#next >= Math.min(this.#list.length, this.#options.entriesMax)) this.#openNext();
      const index = this.#next;
      const listed = this.#list[index] as ListedEntry;
      this.#next += 1;
      if (listed.type === "assign" || this.#counts(listed)) return { seq: this.#seq, index, listed };
    }
  }

  #counts({ instance, seq }: { readonly instance: ReplicaId; readonly seq: SequenceNumber }): boolean {
    if (instance >= this.#options.n) return false;
    const named = (this.#named[instance] ?? 0) + 1;
    this.#named[instance] = named;
    if (named > this.#options.referencesMax || seq !== (this.#cut[instance] ?? 0) + 1) return false;
    this.#cut[instance] = seq;
    return true;
  }

  #openNext(): void {
    this.#seq += 1;
    const digest = this.#options.certified(this.#options.n, this.#seq, this.#replica);
    demand(
      digest !== null,
      "S5 execution gate",
      () => `something is executed that no certified list up to slot ${this.#seq - 1} names`,
    );
    this.#list = readOrderList(this.#values.get(digest) ?? new Uint8Array(0));
    this.#next = 0;
    this.#named = [];
  }
}
