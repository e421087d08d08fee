import type { Digest, SequenceNumber } from "../../../kernel/ids.ts";
import type { SlotRing } from "../../../kernel/slot-ring.ts";
import { noop } from "../../../wire/batch.ts";
import { Proposal } from "../../../wire/messages.ts";
import type { Hash, Value } from "../../../wire/value.ts";
import type { Place } from "./place.ts";
import type { TrustedSlot } from "./slot.ts";

/** The headers and values that are here: what a ViewChange lists, and what it and a NewView rest on. */
export class Holdings {
  readonly #slots: SlotRing<TrustedSlot>;
  readonly #place: Place;
  readonly #noop: Value;

  constructor(slots: SlotRing<TrustedSlot>, place: Place, hash: Hash) {
    this.#slots = slots;
    this.#place = place;
    this.#noop = noop(hash);
  }

  /** The value with this digest of a slot, if it is here. */
  lookUp(seq: SequenceNumber, digest: Digest): Value | null {
    if (digest === this.#noop.digest) return this.#noop;
    return this.#slots.find(seq)?.body(digest)?.value ?? null;
  }

  /** The value of a header, if it is here. */
  valueOf({ seq, digest }: Proposal): Value | null {
    return this.lookUp(seq, digest);
  }

  /** Certified headers of the base, in order, as far as they are here without a gap. */
  headers(first: SequenceNumber, last: SequenceNumber): Proposal[] {
    const { newView, low } = this.#place.base;
    const headers: Proposal[] = [];
    for (let seq = first; seq <= last; seq += 1) {
      const header = newView?.prepares[seq - low - 1] ?? this.#slots.find(seq)?.proposal?.header();
      if (header === undefined || header.certificate.length === 0) return headers;
      headers.push(header);
    }
    return headers;
  }

  /** A header of a NewView with its value; without, if a checkpoint covers it and nobody needs it any more. */
  filled(header: Proposal): Proposal {
    return new Proposal({ ...header, value: this.valueOf(header) });
  }

  /** What came of the base view before its NewView did, if it fits. */
  promoted({ seq, later }: TrustedSlot): Proposal | null {
    const { view, maximum, extension } = this.#place.base.standing;
    return later?.view === view && later.extension === extension && seq > maximum ? later : null;
  }
}
