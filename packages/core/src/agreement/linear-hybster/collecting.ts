import type { ReplicaId } from "../../kernel/ids.ts";
import { present } from "../../kernel/invariant.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { Certificate, MessageKind, type Vote } from "../../wire/messages.ts";
import type { AgreementContext } from "../agreement.ts";
import type { Combined } from "../shared/trusted/phase.ts";
import type { Place } from "../shared/trusted/place.ts";
import { combineTicket } from "../shared/trusted/tickets.ts";
import { slotClaim } from "./claims.ts";
import type { Slot } from "./slot.ts";

/** The work of a collector: shares into commit certificates (linear-hybster.md 4). */
export class Collecting {
  readonly #context: AgreementContext;
  readonly #place: Place;
  readonly #committed: (commit: Certificate) => void;

  constructor(context: AgreementContext, place: Place, committed: (commit: Certificate) => void) {
    this.#context = context;
    this.#place = place;
    this.#committed = committed;
  }

  /** A share in the base view, unverified: the one result is verified (dependencies: 151 times cheaper). */
  onCommitSig(from: ReplicaId, slot: Slot, vote: Vote): void {
    slot.collecting = true;
    slot.addShare(from, vote.digest, vote.share);
    this.combine(slot);
  }

  /** Only who was sent shares collects: at n = 3 the primary's and our own are a quorum, and every backup would. */
  combine(slot: Slot): void {
    const { self, faults, instance, port } = this.#context;
    if (!slot.collecting && this.#place.primary(this.#place.baseView) !== self) return;
    if (slot.commit !== null || slot.combining !== null || slot.proposal === null || !slot.certified) return;
    const shares = slot.supporting(faults.quorum);
    if (shares.length < faults.quorum) return;
    slot.combining = slot.proposal;
    port.combine(combineTicket(slot.seq), slotClaim(instance, slot.proposal), shares);
  }

  onCombined(slot: Slot, result: Combined): void {
    const combined = present(slot.combining, "shares were combined over a proposal");
    const { view, seq, digest, extension } = combined;
    slot.combining = null;
    for (const culprit of result.culprits) {
      if (view === this.#place.baseView) slot.condemn(culprit);
      this.#context.port.report(culprit, Misbehaviour.BadShare);
    }
    if (slot.commit !== null) return;
    if (result.aggregate === null) return this.combine(slot);
    const { aggregate } = result;
    const commit = new Certificate({ kind: MessageKind.Commit, view, seq, digest, extension, aggregate });
    this.#context.port.broadcast(commit);
    this.#committed(commit);
  }
}
