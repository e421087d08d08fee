import type { JobResult } from "../../../effects/effects.ts";
import type { Digest, SequenceNumber } from "../../../kernel/ids.ts";
import { invariant } from "../../../kernel/invariant.ts";
import { MessageKind, Proposal } from "../../../wire/messages.ts";
import type { Hash, Value } from "../../../wire/value.ts";
import { NewView, type ViewChange } from "../../../wire/view-change.ts";
import type { Certified } from "./phase.ts";
import type { Outcome } from "./validity.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Where an opening gets what it proposes again. */
export interface OpeningSource {
  /** The value with this digest of a slot, if it is here. */
  lookUp(seq: SequenceNumber, digest: Digest): Value | null;
  /** A draft with what our subsystem answered. */
  certified(draft: Proposal, result: Certified): Proposal;
}

/**
 * A new primary on its way to open its view: it has chosen the ViewChanges, which is durable, and certifies what follows from
 * them, slot by slot and then as a whole. Once begun it must be finished (hybster.md 6.4), after a restart from the same choice.
 */
export class Opening {
  readonly viewChanges: readonly ViewChange[];
  readonly outcome: Outcome;
  /** What is re-proposed, in order; a draft until it is certified. Values of what a checkpoint covers here are left out. */
  readonly proposals: Proposal[];
  readonly #source: OpeningSource;
  #certified = 0;
  #answers = 0;

  constructor(viewChanges: readonly ViewChange[], outcome: Outcome, source: OpeningSource) {
    this.viewChanges = viewChanges;
    this.outcome = outcome;
    this.#source = source;
    this.proposals = outcome.digests.map((digest, index) => this.#draft(digest, outcome.low + 1 + index));
  }

  /** Whether all re-proposals are certified. */
  get ready(): boolean {
    return this.#certified === this.proposals.length;
  }

  /** Whether it cannot be finished: our subsystem refused, and all its answers are here. */
  get failed(): boolean {
    return this.#answers === this.proposals.length && !this.ready;
  }

  /** Answers of the subsystem come in the order of the slots. */
  onAnswer(result: JobResult): void {
    const draft = this.proposals[this.#answers];
    invariant(draft !== undefined, "an answer that we asked for");
    if (result.type === "certified") {
      this.proposals[this.#answers] = this.#source.certified(draft, result);
      this.#certified += 1;
    }
    this.#answers += 1;
  }

  /** The NewView, not yet certified. */
  draft(hash: Hash): NewView {
    const { anchor, standing } = this.outcome;
    const prepares = this.proposals.map((proposal) => proposal.header());
    const { view, count } = standing;
    const { viewChanges } = this;
    return NewView.of({ view, viewChanges, anchor, prepares, count, certificate: NOTHING }, hash);
  }

  #draft(digest: Digest, seq: SequenceNumber): Proposal {
    const { view, extension } = this.outcome.standing;
    return new Proposal({
      kind: MessageKind.Prepare,
      view,
      seq,
      digest,
      extension,
      certificate: NOTHING,
      share: NOTHING,
      value: this.#source.lookUp(seq, digest),
      evidence: [],
    });
  }
}
