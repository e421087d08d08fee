import type { ReplicaId, SequenceNumber } from "../../kernel/ids.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { type Evidence, type Message, MessageKind, type Proposal, Vote } from "../../wire/messages.ts";
import {
  type CommitStatement,
  DIGESTS_PER_SLOT_MAX,
  type FetchStatement,
  type PbftViewChange,
  PreparedCertificate,
} from "../../wire/pbft.ts";
import { openShare } from "../shared/signed-share.ts";
import type { Subject } from "../shared/untrusted/claims.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import type { Around, Phase } from "../shared/untrusted/phase.ts";
import type { Decided } from "../shared/untrusted/slot.ts";
import { Answers, claimOf } from "./answers.ts";
import { Caster } from "./caster.ts";
import type { Authentication } from "./checks.ts";
import type { Slot } from "./slot.ts";
import { Statements } from "./statements.ts";
import { PbftChanges } from "./view-changes.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Prepare and Commit among all, and what decides without them (pbft.md 4 and 12.5). */
export class NormalCase implements Phase<Slot, PbftViewChange> {
  readonly changes: PbftChanges;
  readonly #authentication: Authentication;
  readonly #around: Around<Slot>;
  readonly #instance: Instance<Slot>;
  readonly #caster: Caster;
  readonly #answers: Answers;
  readonly #statements: Statements;

  constructor(authentication: Authentication, around: Around<Slot>) {
    const { instance } = around;
    this.changes = new PbftChanges(authentication, instance);
    this.#authentication = authentication;
    this.#around = around;
    this.#instance = instance;
    this.#caster = new Caster(authentication, instance);
    this.#answers = new Answers(instance);
    this.#statements = new Statements(authentication, instance);
  }

  get waiting(): boolean {
    return this.#statements.waiting;
  }

  tick(): void {
    this.#statements.tick();
  }

  answer(to: ReplicaId, slot: Slot, values: boolean): number {
    return this.#answers.answer(to, slot, values);
  }

  help(slot: Slot): void {
    this.#answers.help(slot);
  }

  certificate(seq: SequenceNumber): Evidence | null {
    return this.#statements.evidence(seq);
  }

  receive(from: ReplicaId, message: Message): boolean {
    switch (message.kind) {
      case MessageKind.PbftPrepare:
      case MessageKind.PbftCommit:
        this.#onVote(from, message as Vote);
        return true;
      case MessageKind.PbftDecided:
        this.#onDecided(from, message as Vote);
        return true;
      case MessageKind.CommitStatement:
        this.#statements.onStatement(message as CommitStatement);
        return true;
      case MessageKind.FetchStatement:
        this.#statements.onFetch(from, message as FetchStatement);
        return true;
      default:
        return false;
    }
  }

  /** A trade of liveness only (pbft.md 7): A2 gets harder. */
  mayAccept({ preprepared }: Slot, { digest }: Proposal): boolean {
    return preprepared.size < DIGESTS_PER_SLOT_MAX || preprepared.has(digest);
  }

  /** Entered into `Q` before the Prepare leaves (pbft.md 3). */
  onAccepted(slot: Slot, proposal: Proposal): void {
    slot.preprepared.set(proposal.digest, proposal.view);
    if (!this.#instance.isPrimary) this.#sendPrepare(slot, proposal);
    this.#checkPrepared(slot);
  }

  onCertified(slot: Slot): void {
    this.#checkPrepared(slot);
  }

  onEntered(slot: Slot): void {
    this.#checkPrepared(slot);
    this.#checkCommitted(slot);
  }

  /** `P` and `Q` as they were when we left the view before. */
  restoreViews(own: PbftViewChange): void {
    const { slots } = this.#instance;
    for (const prepared of own.prepared) {
      if (slots.contains(prepared.seq)) slots.claim(prepared.seq).prepared = prepared;
    }
    for (const { seq, digest, view } of own.preprepared) {
      if (slots.contains(seq)) slots.claim(seq).preprepared.set(digest, view);
    }
  }

  restoreProposal({ preprepared }: Slot, { digest, view }: Proposal): void {
    const before = preprepared.get(digest);
    if (before === undefined || before < view) preprepared.set(digest, view);
  }

  restore(slot: Slot, message: Message): void {
    if (message instanceof PreparedCertificate) {
      if (slot.prepared === null || slot.prepared.view < message.view) slot.prepared = message;
    } else if (message instanceof Vote && message.kind === MessageKind.PbftDecided) {
      slot.decision = message.digest;
    }
  }

  /** After a restart: says again what we said in the present view. */
  repeat(slot: Slot): void {
    const { proposal, prepared, decision } = slot;
    const { view } = this.#instance;
    if (proposal?.view === view && slot.accepted && slot.seq > this.#instance.standing.maximum) {
      const said = decision === null || (prepared?.view === view && prepared.digest === proposal.digest);
      if (said && !this.#instance.isPrimary) this.#sendPrepare(slot, proposal);
    }
    if (prepared !== null && prepared.view === view) this.#sendCommit(slot, prepared);
  }

  // With signatures a vote is its signer's, whoever passed it on.
  #onVote(from: ReplicaId, vote: Vote): void {
    const { slots, low, view, active } = this.#instance;
    if (vote.seq <= low) return;
    // No fault: the stable checkpoint of whoever sends it may be newer than ours.
    if (!slots.contains(vote.seq)) return this.#around.pursue(vote.seq);
    const sender = this.#authentication === "mac" ? from : (openShare(vote.share)?.signer ?? from);
    if (vote.view > view || (vote.view === view && !active)) this.#around.ahead(from, vote.view);
    // A quorum's Commits decide, of whatever view they are: a replica that has left alone learns what the others decide.
    if (vote.kind === MessageKind.PbftCommit) return this.#onCommit(sender, slots.claim(vote.seq), vote);
    if (vote.view < view) return;
    const slot = slots.claim(vote.seq);
    this.#onPrepare(sender, slot, vote);
  }

  #onPrepare(sender: ReplicaId, slot: Slot, vote: Vote): void {
    const { port } = this.#instance.context;
    // The pre-prepare is the primary's Prepare (pbft.md 12.4).
    if (sender === this.#instance.primaryOf(vote.view)) return port.report(sender, Misbehaviour.NotForUs);
    const counted = slot.prepares.add(sender, vote);
    if (counted === "conflict") return port.report(sender, Misbehaviour.Equivocation);
    if (counted === "known") return;
    this.#noticeExistence(slot);
    this.#checkPrepared(slot);
  }

  #onCommit(sender: ReplicaId, slot: Slot, vote: Vote): void {
    const counted = slot.commits.add(sender, vote);
    if (counted === "conflict") return this.#instance.context.port.report(sender, Misbehaviour.Equivocation);
    if (counted === "known") return;
    if (vote.view >= this.#instance.view) this.#noticeExistence(slot);
    if (this.#authentication === "signature") this.#statements.onSignedCommit(slot, vote);
    this.#checkCommitted(slot);
  }

  /** `f + 1` replicas that say so include a correct one (pbft.md 12.5). */
  #onDecided(from: ReplicaId, claim: Vote): void {
    const { slots, low, context } = this.#instance;
    if (claim.view !== 0 || claim.seq <= low) return;
    if (!slots.contains(claim.seq)) return this.#around.pursue(claim.seq);
    const slot = slots.claim(claim.seq);
    if (slot.decision !== null || slot.claims.add(from, claim) !== "counted") return;
    const agreed = slot.claims.reached(context.faults.oneCorrect);
    if (agreed !== null) this.#decide(slot, { digest: agreed.digest, view: null });
    else this.#around.pursue(claim.seq);
  }

  #sendPrepare(slot: Slot, proposal: Proposal): void {
    this.#caster.cast(MessageKind.PbftPrepare, proposal, (vote) => {
      slot.ownPrepare = vote;
      slot.prepares.add(this.#instance.self, vote);
      this.#checkPrepared(slot);
    });
  }

  #checkPrepared(slot: Slot): void {
    const { context, view, votes } = this.#instance;
    const { proposal } = slot;
    if (!votes || !slot.accepted || proposal === null || proposal.view !== view) return;
    if (proposal.certificate.length === 0 || (slot.prepared !== null && slot.prepared.view >= view)) return;
    if (slot.prepares.count(view, proposal.digest) < context.faults.quorumBeside(1)) return; // The primary's.
    slot.prepared = this.#authentication === "mac" ? claimPrepared(proposal) : provePrepared(slot, proposal);
    context.port.persist(slot.seq, slot.prepared);
    this.#sendCommit(slot, slot.prepared);
  }

  #sendCommit(slot: Slot, subject: Subject): void {
    this.#caster.cast(MessageKind.PbftCommit, subject, (vote) => {
      slot.ownCommit = vote;
      slot.commits.add(this.#instance.self, vote);
      this.#statements.onCommitSent(slot, vote);
      this.#checkCommitted(slot);
    });
  }

  /** Commits of a quorum decide, whether we have prepared or not: `f + 1` correct replicas have (pbft.md 4). */
  #checkCommitted(slot: Slot): void {
    if (slot.decision !== null) return;
    const agreed = slot.commits.reached(this.#instance.context.faults.quorum);
    if (agreed !== null) this.#decide(slot, agreed);
  }

  #decide(slot: Slot, decided: Decided): void {
    this.#around.decide(slot, decided, claimOf(slot.seq, decided.digest));
  }

  /** One vote may be a lie; with `f + 1` a correct replica has the proposal (dqbft.md H22). */
  #noticeExistence(slot: Slot): void {
    if (slot.proposal?.view === this.#instance.view) return;
    const { oneCorrect } = this.#instance.context.faults;
    if (Math.max(slot.prepares.size, slot.commits.size) >= oneCorrect) this.#around.see(slot.seq);
    else this.#around.pursue(slot.seq);
  }
}

function claimPrepared({ view, seq, digest }: Proposal): PreparedCertificate {
  return new PreparedCertificate({ view, seq, digest, extension: 0, certificate: NOTHING, votes: [] });
}

function provePrepared(slot: Slot, proposal: Proposal): PreparedCertificate {
  const votes = slot.prepares.supporting(proposal.digest, proposal.view).map(([signer, vote]) => {
    const signature = openShare(vote.share)?.signature ?? NOTHING;
    return { signer, signature };
  });
  return new PreparedCertificate({ ...proposal, votes });
}
