import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { invariant, present } from "../../kernel/invariant.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import type { UniqueClaim } from "../../wire/claim.ts";
import { commitCertificate } from "../../wire/hybster.ts";
import { MessageKind, Proposal, Pull, Vote } from "../../wire/messages.ts";
import { makeShare, openShare } from "../shared/signed-share.ts";
import type { Around, Certified, Phase } from "../shared/trusted/phase.ts";
import { commitClaim, prepareClaim } from "./claims.ts";
import { Slot } from "./slot.ts";

/** The second of two phases: each backup certifies what the primary has, and tells all (hybster.md 4). */
export class CommitPhase implements Phase<Slot> {
  readonly #around: Around<Slot>;

  constructor(around: Around<Slot>) {
    this.#around = around;
  }

  slot(seq: SequenceNumber): Slot {
    return new Slot(seq);
  }

  claim(proposal: Proposal): UniqueClaim {
    const { instance } = this.#around.context;
    return this.#isOwn(proposal) ? prepareClaim(instance, proposal) : commitClaim(instance, proposal);
  }

  certified(draft: Proposal, { certificate }: Pick<Certified, "certificate">): Proposal {
    return new Proposal({ ...draft, certificate });
  }

  /** What it is worth as the primary's commit is counted with the others. */
  onProposal(): void {}

  /** The primary's commit is its Prepare. */
  onSigned(slot: Slot, { certificate }: Pick<Certified, "certificate">): void {
    const proposal = present(slot.proposal, "a proposal that we signed");
    if (this.#isOwn(proposal)) return;
    const { self } = this.#around.context;
    slot.share = makeShare(self, certificate);
    slot.commits.add(self, ownCommit(slot));
  }

  sendVote(slot: Slot): void {
    this.#around.context.port.broadcast(ownCommit(slot));
  }

  /** In one view, its Prepare and the Commits of a quorum less one: votes of two views are never added up (hybster.md 3). */
  conclude(slot: Slot): void {
    if (slot.commit !== null) return;
    const needed = this.#around.context.faults.quorumBeside(1);
    for (const proposal of slot.proposals) {
      const { view, digest, certificate: prepare } = proposal;
      if (prepare.length === 0 || slot.commits.count(view, digest) < needed) continue;
      const votes = slot.commits.supporting(digest, view).slice(0, needed);
      const commits = votes.map(([, { share }]) => present(openShare(share), "a Commit that was checked"));
      slot.commits.close();
      return this.#around.commit(commitCertificate(proposal, { prepare, commits }));
    }
  }

  /** Of every view, whether we are in it or not: the others may wait for nothing but what we hear (hybster.md 4). */
  onVote(from: ReplicaId, vote: Vote): void {
    const { context, place, slots } = this.#around;
    const { view, seq } = vote;
    if (view > place.baseView) this.#around.ahead(view, from);
    if (seq <= slots.low) return;
    // A correct replica may be ahead of us by as much as our stable checkpoint is old.
    if (!slots.contains(seq)) return this.#around.pursue(seq);
    const slot = slots.claim(seq);
    if (slot.commit !== null) return;
    const { signer } = present(openShare(vote.share), "a Commit that was checked");
    // A trusted counter certifies one digest at one value, so a second one means a broken subsystem.
    if (slot.commits.add(signer, vote) === "conflict") context.port.report(signer, Misbehaviour.Equivocation);
    // Whoever certified has the Prepare. We do not: the one that was for us is lost, and nothing else would tell us.
    if (!slot.proposals.some((proposal) => proposal.view === view)) this.#around.pursue(seq);
    this.conclude(slot);
  }

  /** Whoever decided first made the certificate of what all have. */
  onServed(): void {}

  rebase(): void {}

  /** The certificate if there is one; else what we said ourselves; and the Prepare. Returns bytes of values. */
  answer(to: ReplicaId, slot: Slot, values: boolean): number {
    const { port } = this.#around.context;
    const { shown, commit, share } = slot;
    let bytes = 0;
    if (values && shown !== null && shown.value !== null && shown.certificate.length > 0) {
      port.send(to, shown);
      bytes = shown.value.bytes.length;
    }
    if (commit !== null) port.send(to, commit);
    else if (share !== null) port.send(to, ownCommit(slot));
    return bytes;
  }

  /** What we said goes out again, and others are asked: for a value in groups that double, for certificates alone all. */
  help(slot: Slot, age: number): void {
    const { context, place } = this.#around;
    const { port, self, faults } = context;
    this.#repeat(slot);
    const { seq, proposal, commit } = slot;
    const wanted = commit !== null || proposal === null || proposal.value === null;
    const pull = new Pull(seq, seq, wanted);
    const asked = 2 ** age;
    if (!wanted || asked > faults.f) return port.broadcast(pull);
    for (let rank = 0; rank < asked; rank += 1) {
      const peer = (place.primary(place.baseView) + rank) % faults.n;
      if (peer !== self) port.send(peer, pull);
    }
  }

  /** Of a Prepare the header is enough: who lacks the value asks for it. */
  #repeat(slot: Slot): void {
    const { port } = this.#around.context;
    const { commit, proposal, share } = slot;
    if (commit !== null || proposal === null) return;
    if (!this.#isOwn(proposal)) {
      if (share !== null) port.broadcast(ownCommit(slot));
    } else if (proposal.certificate.length > 0) port.broadcast(proposal.header());
  }

  #isOwn({ view }: Proposal): boolean {
    const { context, place } = this.#around;
    return place.primary(view) === context.self;
  }
}

function ownCommit({ proposal, share }: Slot): Vote {
  invariant(proposal !== null && share !== null, "a Commit of ours");
  const { view, seq, digest } = proposal;
  return new Vote({ kind: MessageKind.HybsterCommit, view, seq, digest, share });
}
