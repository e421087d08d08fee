import type { ReplicaId, View } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import { type Certificate, MessageKind, Pull, Vote } from "../../wire/messages.ts";
import type { AgreementContext } from "../agreement.ts";
import type { CatchUpRules } from "../shared/catch-up.ts";
import { primaryOf } from "../shared/primary.ts";
import type { Slot } from "./slot.ts";

/** Collectors, one after the other: who gets our shares, and who is asked for what they make of them (linear-hybster.md 4). */
export class Ladder implements CatchUpRules<Slot> {
  readonly #context: AgreementContext;
  readonly #place: { readonly baseView: View };
  /** Rank of the collector that gave us the last certificate: it gets our next share. */
  #lead = 0;

  constructor(context: AgreementContext, place: { readonly baseView: View }) {
    this.#context = context;
    this.#place = place;
  }

  /** The base has moved: other collectors. */
  rebase(): void {
    this.#lead = 0;
  }

  /** A certificate came, the first of its slot or not. Of several that serve, the lowest rank: all come to agree on it. */
  onServed(from: ReplicaId, { view }: Certificate, first: boolean): void {
    const { n, f } = this.#context.faults;
    if (view !== this.#place.baseView) return;
    const rank = (from - primaryOf(this.#context, view) + n) % n;
    if (rank < this.#lead || (first && rank <= f)) this.#lead = rank;
  }

  /** Our share for the collector that served us last. */
  sendShare(slot: Slot): void {
    this.#sendShare(slot, this.#lead);
  }

  /** Our share for the collector of this rank; our own bucket has it already. */
  #sendShare(slot: Slot, rank: number): void {
    const collector = this.#collector(rank);
    if (collector !== this.#context.self) this.#context.port.send(collector, ownVote(slot));
  }

  /** linear-hybster.md 4, onPull: the Commit if held, any role; else our own share, if issued; and the Prepare. */
  answer(to: ReplicaId, slot: Slot, values: boolean): number {
    const { proposal, shown, commit, share } = slot;
    let bytes = 0;
    if (values && shown !== null && shown.value !== null && shown.certificate.length > 0) {
      this.#context.port.send(to, shown);
      bytes = shown.value.bytes.length;
    }
    if (commit !== null) this.#context.port.send(to, commit);
    else if (share !== null && proposal !== null) this.#context.port.send(to, ownVote(slot));
    return bytes;
  }

  /**
   * The ladder: share and Pull to the collectors in groups that double, ranks 1, 2 and 3, 4 to 7, and so on; past rank f to
   * everybody, again and again. Pulling from all is needed: faulty low ranks may serve all but one, who may be the only
   * correct collector (linear-hybster.md 4).
   */
  help(slot: Slot, age: number): void {
    const { f } = this.#context.faults;
    const pull = new Pull(slot.seq, slot.seq, slot.proposal === null || slot.commit !== null);
    const first = 2 ** (age - 1);
    if (first > f) {
      if (slot.share !== null) this.#context.port.broadcast(ownVote(slot));
      this.#context.port.broadcast(pull);
      return;
    }
    const last = Math.min(f, 2 * first - 1);
    for (let rank = 0; rank <= last; rank += 1) {
      const collector = this.#collector(rank);
      if (collector === this.#context.self) continue;
      // Rank 0 stands for the one that was tried first, whichever it was.
      const due = rank >= first || (age === 1 && rank === 0 && this.#lead > 0);
      if (slot.share !== null && due) this.#sendShare(slot, rank);
      this.#context.port.send(collector, pull);
    }
  }

  /** Rank 0 is the primary, as in the paper's Figure 6b. */
  #collector(rank: number): ReplicaId {
    return (primaryOf(this.#context, this.#place.baseView) + rank) % this.#context.faults.n;
  }
}

function ownVote({ proposal, share }: Slot): Vote {
  invariant(proposal !== null && share !== null, "a share of ours");
  const { view, seq, digest } = proposal;
  return new Vote({ kind: MessageKind.CommitSig, view, seq, digest, share });
}
