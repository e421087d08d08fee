import type { SequenceNumber } from "../../kernel/ids.ts";
import type { Value } from "../../wire/value.ts";

/** What this replica proposed in its own D-instance and that is not decided: at most a window of values (dqbft.md 4.1, H25). */
export class Submissions {
  readonly #values = new Map<SequenceNumber, Value>();

  add(seq: SequenceNumber, value: Value): void {
    this.#values.set(seq, value);
  }

  /** A slot is decided. What we had proposed there, if it is something else that is decided. */
  decided(seq: SequenceNumber, value: Value): Value | null {
    const submitted = this.#values.get(seq);
    this.#values.delete(seq);
    return submitted === undefined || submitted.digest === value.digest ? null : submitted;
  }

  /** A view was entered whose NewView covers slots up to `maximum`: what we had proposed above is gone. */
  dropAbove(maximum: SequenceNumber): readonly Value[] {
    return this.#drop((seq) => seq > maximum);
  }

  /** A state was transferred that covers slots up to `low`: whether ours are among them, only the client table knows. */
  dropUpTo(low: SequenceNumber): readonly Value[] {
    return this.#drop((seq) => seq <= low);
  }

  #drop(isGone: (seq: SequenceNumber) => boolean): readonly Value[] {
    const dropped: Value[] = [];
    for (const [seq, value] of this.#values) {
      if (!isGone(seq)) continue;
      this.#values.delete(seq);
      dropped.push(value);
    }
    return dropped;
  }
}
