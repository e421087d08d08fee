import type { ReplicaId } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import { type Certificate, MessageKind, type Proposal, Vote } from "../../wire/messages.ts";
import { SbftShare } from "../../wire/sbft.ts";
import type { Subject } from "../shared/untrusted/claims.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import type { Around } from "../shared/untrusted/phase.ts";
import { fastClaim, preparedClaim, proposalClaim } from "./claims.ts";
import type { Slot } from "./slot.ts";

/** Where our votes go. */
export interface VotingEvents {
  /** Our shares are here, and durable before anything that follows. */
  voted(slot: Slot, vote: SbftShare): void;
  /** Our commit share is here, for who has shown us the certificate. */
  committed(to: ReplicaId, vote: Vote): void;
}

/** What this replica signs: shares for proposals that it has accepted, and for prepare certificates (sbft.md 4). */
export class Voting {
  readonly #around: Around<Slot>;
  readonly #instance: Instance<Slot>;
  readonly #events: VotingEvents;

  constructor(around: Around<Slot>, events: VotingEvents) {
    this.#around = around;
    this.#instance = around.instance;
    this.#events = events;
  }

  /** Votes for what we have accepted, its value included (sbft.md 10.8): once in a view. */
  vote(slot: Slot, { view, digest }: Proposal): void {
    if (slot.voting === view || slot.vote?.view === view || slot.proof !== null) return;
    slot.voting = view;
    const { context, jobs } = this.#instance;
    const subject = { view, seq: slot.seq, digest };
    const shares: { fast?: Uint8Array; share?: Uint8Array } = {};
    const signed = (): void => {
      const { fast, share } = shares;
      if (fast !== undefined && share !== undefined)
        this.#voted(slot, new SbftShare({ ...subject, fast, share }));
    };
    jobs.certify(fastClaim(context.instance, subject), (result) => {
      if (result.type === "certified") shares.fast = result.share;
      signed();
    });
    jobs.certify(proposalClaim(context.instance, subject), (result) => {
      if (result.type === "certified") shares.share = result.share;
      signed();
    });
  }

  /** A quorum has voted for this digest, as its certificate proves. */
  onPrepare(from: ReplicaId, prepare: Certificate): void {
    const { slots, low, view, active, votes } = this.#instance;
    const { seq } = prepare;
    if (seq <= low) return;
    if (!slots.contains(seq)) return this.#around.pursue(seq);
    if (prepare.view > view || (prepare.view === view && !active)) this.#around.ahead(from, prepare.view);
    if (prepare.view !== view || !votes) return;
    const slot = slots.claim(seq);
    this.#around.see(seq);
    if (slot.proof !== null) return this.#showProof(from, slot.proof);
    this.#keep(slot, prepare);
    slot.askers.add(from);
    this.#commit(slot, prepare);
  }

  #showProof(to: ReplicaId, proof: Certificate): void {
    if (to !== this.#instance.self) this.#instance.context.port.send(to, proof);
  }

  /** Durable before the commit share leaves: a view change must show it. The body may be missing: it can be had by its digest. */
  #keep(slot: Slot, prepare: Certificate): void {
    const { prepared } = slot;
    if (prepared !== null && prepared.view >= prepare.view) {
      invariant(prepared.digest === prepare.digest, "one prepare certificate in a view, whoever made it");
      return;
    }
    slot.prepared = prepare;
    this.#instance.context.port.persist(slot.seq, prepare);
  }

  #commit(slot: Slot, { view, seq, digest }: Certificate): void {
    if (slot.commit?.view === view) return this.#sendCommit(slot, slot.commit);
    if (slot.committing === view) return;
    slot.committing = view;
    const { context, jobs } = this.#instance;
    const subject: Subject = { view, seq, digest };
    jobs.certify(preparedClaim(context.instance, subject), (result) => {
      if (result.type !== "certified" || slot.committing !== view) return;
      slot.committing = -1;
      if (this.#instance.view !== view || !this.#instance.votes) return;
      slot.commit = new Vote({ kind: MessageKind.SbftCommitShare, ...subject, share: result.share });
      this.#sendCommit(slot, slot.commit);
    });
  }

  #sendCommit({ askers }: Slot, vote: Vote): void {
    for (const asker of askers) this.#events.committed(asker, vote);
    askers.clear();
  }

  #voted(slot: Slot, vote: SbftShare): void {
    if (slot.voting === vote.view) slot.voting = -1;
    const { view, votes, context } = this.#instance;
    if (vote.view !== view || !votes || slot.proof !== null) return;
    slot.vote = vote;
    context.port.persist(slot.seq, vote);
    this.#events.voted(slot, vote);
  }
}
