import type { JobResult, LogRecord } from "../../effects/effects.ts";
import type { ReplicaId, SequenceNumber, Ticket, TimerId, View } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { SlotRing } from "../../kernel/slot-ring.ts";
import type { Anchor } from "../../wire/anchor.ts";
import {
  Certificate,
  type Evidence,
  type Message,
  MessageKind,
  Proposal,
  type Pull,
  type Vote,
} from "../../wire/messages.ts";
import type { Value } from "../../wire/value.ts";
import {
  type Agreement,
  type AgreementContext,
  type AgreementProtocol,
  FIRST_STANDING,
  type Standing,
  Verdict,
} from "../agreement.ts";
import { checks, primaryOf, slotClaim } from "./claims.ts";
import { Recovery } from "./recovery.ts";
import { Slot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Two jobs a slot: its certify and its combine. */
const certifyTicket = (seq: SequenceNumber): Ticket => seq * 2;
const combineTicket = (seq: SequenceNumber): Ticket => seq * 2 + 1;

/** Linear Hybster, normal case and recovery of what was missed (linear-hybster.md 2 to 4; paper 4.2 and 4.3.1). */
class LinearHybster implements Agreement {
  readonly #context: AgreementContext;
  readonly #slots: SlotRing<Slot>;
  readonly #recovery: Recovery;
  /** Last slot that we proposed as primary. */
  #proposed: SequenceNumber = 0;
  /** Last slot that we signed or that was decided without us: signatures follow the counter, in order. */
  #signed: SequenceNumber = 0;
  #decided: SequenceNumber = 0;
  #known: SequenceNumber = 0;
  /** Our subsystem refused to sign: its counter is ahead of our log, so we count against f until healed. */
  #mute = false;
  readonly view: View = 0;
  readonly active = true;
  readonly standing: Standing = FIRST_STANDING;

  constructor(context: AgreementContext) {
    this.#context = context;
    this.#slots = new SlotRing(context.parameters.window, (seq) => new Slot(seq));
    this.#recovery = new Recovery(context, this.#slots, this);
  }

  get primary(): ReplicaId {
    return primaryOf(this.#context, this.view);
  }

  get mayPropose(): boolean {
    const primary = this.primary === this.#context.self;
    return primary && !this.#mute && this.#slots.contains(this.#proposed + 1);
  }

  get decided(): SequenceNumber {
    return this.#decided;
  }

  get known(): SequenceNumber {
    return this.#known;
  }

  get low(): SequenceNumber {
    return this.#slots.low;
  }

  get nextSlot(): SequenceNumber {
    return this.#proposed + 1;
  }

  hasDecided(seq: SequenceNumber): boolean {
    return seq <= this.#decided || this.#slots.find(seq)?.delivered === true;
  }

  propose(value: Value, evidence: readonly Evidence[]): SequenceNumber {
    invariant(this.mayPropose, "only the primary proposes, inside its window");
    const seq = this.#proposed + 1;
    this.#proposed = seq;
    const slot = this.#slots.claim(seq);
    const draft = { kind: MessageKind.Prepare, view: this.view, seq, digest: value.digest, extension: 0 };
    slot.proposal = new Proposal({ ...draft, certificate: NOTHING, share: NOTHING, value, evidence });
    this.#sign(slot);
    return seq;
  }

  receive(from: ReplicaId, message: Message): void {
    switch (message.kind) {
      case MessageKind.Prepare:
        return this.#onPrepare(from, message as Proposal);
      case MessageKind.CommitSig:
        return this.#onCommitSig(from, message as Vote);
      case MessageKind.Commit:
        return this.#onCommit(message as Certificate);
      case MessageKind.Pull:
        return this.#recovery.onPull(from, message as Pull);
      default:
        return this.#context.port.report(from, Misbehaviour.NotForUs);
    }
  }

  expire(timer: TimerId): void {
    this.#recovery.expire(timer);
  }

  complete(ticket: Ticket, result: JobResult): void {
    const slot = this.#slots.find(Math.floor(ticket / 2));
    if (result.type === "combined") {
      if (slot !== undefined) this.#onCombined(slot, result);
    } else if (result.type === "refused") this.#fallSilent();
    else if (slot !== undefined) this.#onCertified(slot, result);
  }

  reconsider(): void {
    this.#advance();
  }

  pursue(seq: SequenceNumber): void {
    this.#recovery.pursue(seq);
  }

  suspect(_view: View): void {}

  advance(low: SequenceNumber, _anchor: Anchor): void {
    if (low <= this.#slots.low) return;
    invariant(low <= this.#decided, "only decided slots are covered by a checkpoint that we executed");
    this.#slots.advance(low);
    this.#signed = Math.max(this.#signed, low);
    this.#proposed = Math.max(this.#proposed, low);
    this.#recovery.progress();
    this.#advance();
  }

  certificate(seq: SequenceNumber): Evidence | null {
    const commit = this.#slots.find(seq)?.commit ?? null;
    return commit === null ? null : { instance: this.#context.instance, message: commit };
  }

  startFrom(low: SequenceNumber, _anchor: Anchor | null, executed: SequenceNumber): void {
    this.#slots.advance(low);
    this.#signed = low;
    this.#proposed = low;
    this.#decided = executed;
    this.#known = executed;
  }

  recover(record: LogRecord): void {
    const { message } = record;
    if (!this.#slots.contains(record.seq)) return;
    const slot = this.#slots.claim(record.seq);
    // Its share is left out: whoever relayed the Prepare may have damaged it, and our own is issued again.
    if (message instanceof Proposal && !slot.certified) {
      slot.proposal = message;
      slot.logged = true;
    }
    if (message instanceof Certificate) slot.commit = message;
    this.#known = Math.max(this.#known, record.seq);
  }

  /**
   * The log holds every Prepare that we signed or were about to sign, so signing again is idempotent at the subsystem
   * (hybster.md 10.2), and a primary may go on in its view (dqbft.md 6: it has its full write-ahead log).
   */
  resume(): void {
    for (let seq = this.low + 1; seq <= this.#known; seq += 1) {
      const slot = this.#slots.find(seq);
      if (slot === undefined || slot.proposal === null) continue;
      this.#resumeSlot(slot, slot.proposal);
    }
    this.#recovery.arm();
  }

  #resumeSlot(slot: Slot, proposal: Proposal): void {
    if (slot.certified) this.#context.superior.proposed(proposal);
    if (this.primary === this.#context.self) this.#proposed = Math.max(this.#proposed, slot.seq);
    if (this.#signed === slot.seq - 1) {
      this.#signed = slot.seq;
      if (!slot.decided || !slot.certified) this.#certify(slot);
    }
    this.#deliver(slot);
  }

  // linear-hybster.md 4, onPrepare. Anybody may relay a Prepare: its certificate speaks for it.
  #onPrepare(from: ReplicaId, proposal: Proposal): void {
    if (proposal.view !== this.view || proposal.value === null || proposal.seq <= this.low) return;
    // A correct primary may be ahead of us by as much as our stable checkpoint is old.
    if (!this.#slots.contains(proposal.seq)) return this.#recovery.pursue(proposal.seq);
    const slot = this.#slots.claim(proposal.seq);
    if (slot.proposal !== null) return this.#onKnownProposal(from, slot, slot.proposal, proposal);
    if (this.primary === this.#context.self) return this.#onForgottenProposal(proposal);
    // No certificate covers the evidence: a relay may have damaged it, so only the primary's own fault counts (dqbft.md H29).
    const relayed = from !== this.primary && slot.commit === null;
    if (relayed && this.#judge(proposal) === Verdict.Fault) return;
    this.#see(proposal.seq);
    slot.proposal = proposal;
    slot.age = 0;
    this.#takePrimaryShare(from, slot, proposal);
    this.#context.superior.proposed(proposal);
    this.#advance();
    this.#deliver(slot);
    this.#combine(slot);
  }

  #onKnownProposal(from: ReplicaId, slot: Slot, known: Proposal, proposal: Proposal): void {
    // A trusted counter certifies one digest at one value, so a second one means a broken subsystem.
    if (known.digest !== proposal.digest) return this.#context.port.report(from, Misbehaviour.Equivocation);
    this.#takePrimaryShare(from, slot, proposal);
    this.#combine(slot);
  }

  /** The share is not covered by the certificate: only from the primary itself is it the primary's word. */
  #takePrimaryShare(from: ReplicaId, slot: Slot, proposal: Proposal): void {
    if (from === this.primary) slot.addShare(from, proposal.digest, proposal.share);
  }

  /** A peer shows us a Prepare of ours that our log does not hold: we have lost memory, and must not go on. */
  #onForgottenProposal(proposal: Proposal): void {
    this.#fallSilent();
    const slot = this.#slots.claim(proposal.seq);
    this.#see(proposal.seq);
    slot.proposal = proposal;
    this.#context.superior.proposed(proposal);
    this.#deliver(slot);
  }

  /** The operator has to know: until this replica is healed, it counts among the f. */
  #fallSilent(): void {
    if (!this.#mute) this.#context.port.report(this.#context.self, Misbehaviour.CounterAhead);
    this.#mute = true;
  }

  /** Signs what can be signed, strictly in order: the counter forces it (hybster.md 4). */
  #advance(): void {
    for (;;) {
      const slot = this.#slots.find(this.#signed + 1);
      if (slot === undefined || slot.proposal === null) return;
      if (slot.decided) {
        this.#signed = slot.seq; // Values only need to increase, and others have decided this one.
        continue;
      }
      if (this.#mute || slot.signing || !this.#approves(slot, slot.proposal)) return;
      this.#sign(slot);
    }
  }

  #judge(proposal: Proposal): Verdict {
    invariant(proposal.value !== null, "a proposal in the log has its value");
    return this.#context.superior.judge(proposal);
  }

  #approves(slot: Slot, proposal: Proposal): boolean {
    if (slot.refused) return false;
    const verdict = this.#judge(proposal);
    if (verdict === Verdict.Fault) {
      slot.refused = true;
      this.#context.port.report(this.primary, Misbehaviour.BadValue);
    }
    return verdict === Verdict.Accept;
  }

  /** The Prepare and its value are durable before the counter moves: a hole would be for good (hybster.md 10.2). */
  #sign(slot: Slot): void {
    invariant(slot.proposal !== null && slot.seq === this.#signed + 1, "signatures follow the counter");
    this.#context.port.persist(slot.seq, slot.proposal);
    slot.logged = true;
    this.#signed = slot.seq;
    this.#see(slot.seq);
    this.#certify(slot);
  }

  #certify(slot: Slot): void {
    invariant(slot.proposal !== null, "a proposal to sign");
    slot.signing = true;
    this.#context.port.certify(certifyTicket(slot.seq), slotClaim(this.#context.instance, slot.proposal));
  }

  #onCertified(slot: Slot, result: JobResult & { type: "certified" }): void {
    const { proposal } = slot;
    invariant(proposal !== null && slot.signing, "a certificate that we asked for");
    slot.signing = false;
    slot.share = result.share;
    slot.addShare(this.#context.self, proposal.digest, result.share);
    if (this.primary === this.#context.self) this.#publish(slot, proposal, result);
    else if (!slot.decided) this.#recovery.sendShare(slot, 0);
    this.#combine(slot);
  }

  #publish(slot: Slot, draft: Proposal, result: JobResult & { type: "certified" }): void {
    const fresh = draft.certificate.length === 0;
    const proposal = new Proposal({ ...draft, share: result.share, certificate: result.certificate });
    slot.proposal = proposal;
    this.#context.port.note(slot.seq, proposal);
    if (!slot.decided) this.#context.port.broadcast(proposal);
    if (fresh) this.#context.superior.proposed(proposal);
    this.#deliver(slot);
  }

  // linear-hybster.md 4, collector. Shares are kept unverified: the one result is verified (dependencies: 151 times cheaper).
  #onCommitSig(from: ReplicaId, vote: Vote): void {
    if (vote.view !== this.view || vote.seq <= this.low) return;
    if (!this.#slots.contains(vote.seq))
      return this.#context.port.report(from, Misbehaviour.OutsideWatermarks);
    const slot = this.#slots.claim(vote.seq);
    if (slot.commit !== null) return;
    slot.collecting = true;
    slot.addShare(from, vote.digest, vote.share);
    // Whoever signed has the Prepare. We do not: the one that was for us is lost, and nothing else would tell us.
    if (slot.proposal === null && this.primary !== this.#context.self) this.#recovery.pursue(vote.seq);
    this.#combine(slot);
  }

  /** Only who was sent shares collects: at n = 3 the primary's and our own are a quorum, and every backup would. */
  #combine(slot: Slot): void {
    if (!slot.collecting && this.primary !== this.#context.self) return;
    if (slot.commit !== null || slot.combining || slot.proposal === null || !slot.certified) return;
    const shares = slot.supporting(this.#context.faults.n);
    if (shares.length < this.#context.faults.quorum) return;
    slot.combining = true;
    this.#context.port.combine(
      combineTicket(slot.seq),
      slotClaim(this.#context.instance, slot.proposal),
      shares,
    );
  }

  #onCombined(slot: Slot, result: JobResult & { type: "combined" }): void {
    slot.combining = false;
    for (const culprit of result.culprits) {
      slot.condemn(culprit);
      this.#context.port.report(culprit, Misbehaviour.BadShare);
    }
    if (slot.commit !== null) return;
    if (result.aggregate === null) return this.#combine(slot);
    invariant(slot.proposal !== null, "shares were combined over a proposal");
    const { view, seq, digest, extension } = slot.proposal;
    const aggregate = { aggregate: result.aggregate };
    const commit = new Certificate({ kind: MessageKind.Commit, view, seq, digest, extension, ...aggregate });
    this.#context.port.broadcast(commit);
    this.#onCommit(commit);
  }

  // linear-hybster.md 4, onCommit: q subsystems assigned this value, whatever the view.
  #onCommit(commit: Certificate): void {
    if (commit.seq <= this.low) return;
    if (!this.#slots.contains(commit.seq)) return this.#recovery.pursue(commit.seq);
    const slot = this.#slots.claim(commit.seq);
    if (slot.commit !== null) return;
    if (slot.proposal === null && this.primary === this.#context.self) this.#fallSilent();
    this.#see(commit.seq);
    slot.commit = commit;
    slot.age = 0;
    this.#context.port.note(slot.seq, commit);
    this.#deliver(slot);
    this.#advance();
  }

  /** Hands a decided value up, once. A value that we never signed is logged too: peers may pull it from us. */
  #deliver(slot: Slot): void {
    if (!slot.decided || slot.delivered) return;
    const { proposal } = slot;
    invariant(proposal !== null && proposal.value !== null, "a decided slot has its value");
    slot.delivered = true;
    if (!slot.logged) this.#context.port.note(slot.seq, proposal);
    slot.logged = true;
    this.#context.superior.committed(slot.seq, proposal.value);
    while (this.#slots.find(this.#decided + 1)?.delivered === true) this.#decided += 1;
    this.#recovery.progress();
  }

  #see(seq: SequenceNumber): void {
    this.#known = Math.max(this.#known, seq);
    this.#recovery.arm();
  }
}

/** Linear Hybster as an instance: hybrid faults, trusted counters, collectors, linear messages. */
export const linearHybster: AgreementProtocol = {
  name: "linear-hybster",
  create: (context) => new LinearHybster(context),
  checks,
};
