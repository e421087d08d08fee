import type { Port } from "../../effects/port.ts";
import type { Digest, ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import type { SlotRing } from "../../kernel/slot-ring.ts";
import type { Proposal } from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import { Body, type FetchBodies } from "../../wire/view-change.ts";

/** Bytes of values that one answer holds at most, plus the value that crosses it: 2 MiB. */
const BODIES_BYTES_MAX = 2_097_152;

/** A slot that keeps values. */
export interface BodySlot {
  readonly seq: SequenceNumber;
  /** A proposal with the value of this digest, of any view, if one is here. */
  body(digest: Digest): Proposal | null;
}

/** Serves the values of live slots by their digests: who lacks one may know no more of it than that. */
export class Bodies {
  readonly #port: Port;
  readonly #slots: SlotRing<BodySlot>;

  constructor(port: Port, slots: SlotRing<BodySlot>) {
    this.#port = port;
    this.#slots = slots;
  }

  onFetch(from: ReplicaId, { digests }: FetchBodies): void {
    let bytes = 0;
    for (const digest of new Set(digests)) {
      const value = this.#find(digest);
      if (value === null) continue;
      this.#port.send(from, new Body(value));
      bytes += value.bytes.length;
      if (bytes > BODIES_BYTES_MAX) return;
    }
  }

  #find(digest: Digest): Value | null {
    for (let seq = this.#slots.low + 1; seq <= this.#slots.high; seq += 1) {
      const value = this.#slots.find(seq)?.body(digest)?.value ?? null;
      if (value !== null) return value;
    }
    return null;
  }
}
