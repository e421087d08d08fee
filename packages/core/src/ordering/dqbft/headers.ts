import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import type { Proposal } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";

interface Accepted {
  readonly header: Proposal;
  readonly value: Value | null;
}

/** The D-proposals accepted here, of each D-instance's present view, above the low watermark: headers, and what they are of. */
export class Headers {
  /** Made with the first header of each D-instance. */
  readonly #bySlot: (Map<SequenceNumber, Accepted> | null)[];

  constructor(n: number) {
    this.#bySlot = new Array<null>(n).fill(null);
  }

  put(instance: ReplicaId, proposal: Proposal): void {
    const accepted = this.#bySlot[instance] ?? new Map<SequenceNumber, Accepted>();
    this.#bySlot[instance] = accepted;
    accepted.set(proposal.seq, { header: proposal.header(), value: proposal.value });
  }

  get(instance: ReplicaId, seq: SequenceNumber): Proposal | undefined {
    return this.#of(instance).get(seq)?.header;
  }

  /** Headers above this slot, the lowest first. */
  above(instance: ReplicaId, seq: SequenceNumber): readonly Proposal[] {
    const headers: Proposal[] = [];
    for (const { header } of this.#of(instance).values()) if (header.seq > seq) headers.push(header);
    return headers.sort((a, b) => a.seq - b.seq);
  }

  /** Whether any of its values above this slot is such a one. */
  some(instance: ReplicaId, above: SequenceNumber, test: (value: Value) => boolean): boolean {
    for (const { header, value } of this.#of(instance).values()) {
      if (header.seq > above && value !== null && test(value)) return true;
    }
    return false;
  }

  /** The D-instance has left its view: no header of it is of use any more. */
  clear(instance: ReplicaId): void {
    this.#bySlot[instance] = null;
  }

  /** Forgets what is below the low watermark, or at it. */
  advance(instance: ReplicaId, low: SequenceNumber): void {
    const accepted = this.#bySlot[instance];
    for (const seq of accepted?.keys() ?? []) if (seq <= low) accepted?.delete(seq);
  }

  #of(instance: ReplicaId): ReadonlyMap<SequenceNumber, Accepted> {
    return this.#bySlot[instance] ?? NONE;
  }
}

const NONE: ReadonlyMap<SequenceNumber, Accepted> = new Map();
