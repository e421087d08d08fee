import type { JobResult, LogRecord } from "../../effects/effects.ts";
import type { ReplicaId, SequenceNumber, Ticket, TimerId, View } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import type { Anchor } from "../../wire/anchor.ts";
import {
  type Evidence,
  type Message,
  MessageKind,
  type Proposal,
  Pull,
  type Vote,
} from "../../wire/messages.ts";
import type {
  CommitStatement,
  FetchStatement,
  PbftNewView,
  PbftStatus,
  PbftViewChange,
  PbftViewChangeAck,
  PbftViewChangeForward,
} from "../../wire/pbft.ts";
import type { Value } from "../../wire/value.ts";
import type { Body, FetchBodies, FetchNewView } from "../../wire/view-change.ts";
import type { Agreement, AgreementContext, AgreementProtocol, Standing } from "../agreement.ts";
import { Bodies } from "../shared/bodies.ts";
import { CatchUp } from "../shared/catch-up.ts";
import { Answers } from "./answers.ts";
import { type Authentication, checks } from "./checks.ts";
import { Instance } from "./instance.ts";
import { NormalCase } from "./normal-case.ts";
import type { Opening } from "./opening.ts";
import { Restart } from "./restart.ts";
import type { Slot } from "./slot.ts";
import { Statements } from "./statements.ts";
import { ViewChanger } from "./view-changer.ts";

/** PBFT: three phases among all, views, and recovery (pbft.md). */
class Pbft implements Agreement {
  readonly #instance: Instance;
  readonly #normal: NormalCase;
  readonly #answers: Answers;
  readonly #bodies: Bodies;
  readonly #catchUp: CatchUp<Slot>;
  readonly #statements: Statements;
  /** Made when first needed: one process may hold tens of thousands of instances that never leave their first view. */
  #changer: ViewChanger | null = null;
  /** Until all records are back. */
  #restart: Restart | null;

  constructor(authentication: Authentication, context: AgreementContext) {
    this.#instance = new Instance(authentication, context);
    this.#answers = new Answers(this.#instance);
    this.#bodies = new Bodies(context.port, this.#instance.slots);
    this.#statements = new Statements(this.#instance);
    this.#restart = new Restart(this.#instance);
    this.#normal = new NormalCase(this.#instance, {
      see: (seq) => this.#see(seq),
      pursue: (seq) => this.#catchUp.pursue(seq),
      delivered: () => {
        this.#changer?.delivered();
        this.#catchUp.progress();
      },
      commitSent: (slot, commit) => this.#statements.onCommitSent(slot, commit),
      signedCommit: (slot, commit) => this.#statements.onSignedCommit(slot, commit),
      ahead: (from, view) => this.#views.ahead(from, view),
    });
    const statements = this.#statements;
    // A claim of one peer decides nothing: what is decided long since is had from f + 1 at once (pbft.md 10.4 and 12.5).
    this.#catchUp = new CatchUp(context, this.#instance, context.faults.oneCorrect, {
      answer: (to, slot, values) => this.#answers.answer(to, slot, values),
      help: (slot) => this.#answers.help(slot),
      tick: () => {
        statements.tick();
        this.#changer?.tick();
      },
      get waiting() {
        return statements.waiting;
      },
    });
  }

  get view(): View {
    return this.#instance.view;
  }

  get active(): boolean {
    return this.#instance.active;
  }

  get primary(): ReplicaId {
    return this.#instance.primary;
  }

  get standing(): Standing {
    return this.#instance.standing;
  }

  get mayPropose(): boolean {
    const { isPrimary, votes, slots } = this.#instance;
    return isPrimary && votes && slots.contains(this.nextSlot);
  }

  get nextSlot(): SequenceNumber {
    return this.#instance.proposed + 1;
  }

  get decided(): SequenceNumber {
    return this.#instance.decided;
  }

  get known(): SequenceNumber {
    return this.#instance.known;
  }

  get low(): SequenceNumber {
    return this.#instance.low;
  }

  hasDecided(seq: SequenceNumber): boolean {
    return seq <= this.decided || this.#instance.slots.find(seq)?.delivered === true;
  }

  propose(value: Value, evidence: readonly Evidence[]): SequenceNumber {
    invariant(this.mayPropose, "only the primary proposes, inside its window");
    return this.#normal.propose(value, evidence);
  }

  receive(from: ReplicaId, message: Message): void {
    switch (message.kind) {
      case MessageKind.PrePrepare:
        return this.#normal.onProposal(from, message as Proposal);
      case MessageKind.PbftPrepare:
      case MessageKind.PbftCommit:
        return this.#normal.onVote(from, message as Vote);
      case MessageKind.PbftDecided:
        return this.#normal.onDecided(from, message as Vote);
      case MessageKind.Pull:
        return this.#catchUp.onPull(from, message as Pull);
      case MessageKind.CommitStatement:
        return this.#statements.onStatement(message as CommitStatement);
      case MessageKind.FetchStatement:
        return this.#statements.onFetch(from, message as FetchStatement);
      default:
        return this.#receiveOfViews(from, message);
    }
  }

  #receiveOfViews(from: ReplicaId, message: Message): void {
    switch (message.kind) {
      case MessageKind.PbftViewChange:
        return this.#views.onViewChange(from, message as PbftViewChange);
      case MessageKind.PbftViewChangeAck:
        return this.#views.onAck(from, message as PbftViewChangeAck);
      case MessageKind.PbftNewView:
        return this.#views.onNewView(from, message as PbftNewView);
      case MessageKind.PbftViewChangeForward:
        return this.#views.onForward(from, message as PbftViewChangeForward);
      case MessageKind.PbftStatus:
        return this.#views.onStatus(from, message as PbftStatus);
      case MessageKind.FetchNewView:
        return this.#views.onFetchNewView(from, message as FetchNewView);
      case MessageKind.FetchBodies:
        return this.#bodies.onFetch(from, message as FetchBodies);
      case MessageKind.Body:
        return this.#views.onBody((message as Body).value);
      default:
        return this.#instance.context.port.report(from, Misbehaviour.NotForUs);
    }
  }

  expire(timer: TimerId): void {
    if (!this.#catchUp.expire(timer)) this.#changer?.expire(timer);
  }

  complete(ticket: Ticket, result: JobResult): void {
    this.#instance.jobs.complete(ticket, result);
  }

  reconsider(): void {
    this.#normal.reconsider();
  }

  pursue(seq: SequenceNumber): void {
    this.#catchUp.pursue(seq);
  }

  show(to: ReplicaId): void {
    this.#changer?.show(to);
  }

  suspect(view: View): void {
    this.#views.start(view);
  }

  advance(low: SequenceNumber, anchor: Anchor): void {
    this.#instance.adopt(anchor);
    if (low <= this.low) return;
    const { high } = this.#instance.slots;
    this.#instance.slots.advance(low);
    this.#instance.decided = Math.max(this.#instance.decided, low);
    this.#instance.known = Math.max(this.#instance.known, low);
    this.#instance.proposed = Math.max(this.#instance.proposed, low);
    const present = this.#changer?.present ?? null;
    if (present !== null) this.#installFrom(high + 1, present.newView, present.opening);
    this.#catchUp.progress();
    this.#normal.reconsider();
  }

  certificate(seq: SequenceNumber): Evidence | null {
    const evidence = this.#statements.evidence(seq);
    if (this.#statements.waiting) this.#catchUp.start();
    return evidence;
  }

  startFrom(low: SequenceNumber, anchor: Anchor | null, executed: SequenceNumber): void {
    if (anchor !== null) this.#instance.adopt(anchor);
    this.#instance.slots.advance(low);
    this.#instance.proposed = low;
    this.#instance.decided = executed;
    this.#instance.known = executed;
  }

  recover(record: LogRecord): void {
    this.#restart?.recover(record);
  }

  resume(): void {
    const viewState = this.#restart?.viewState ?? null;
    if (viewState !== null) this.#views.restore(viewState);
    this.#restart?.restoreSlots();
    this.#restart = null;
    this.#changer?.resume();
    for (const slot of this.#instance.live()) this.#resumeSlot(slot);
    this.#catchUp.arm();
  }

  get #views(): ViewChanger {
    this.#changer ??= new ViewChanger(this.#instance, {
      install: (newView, opening) => this.#install(newView, opening),
    });
    return this.#changer;
  }

  /** A slot exists: it is proposed, or enough vote for it. */
  #see(seq: SequenceNumber): void {
    this.#instance.known = Math.max(this.#instance.known, seq);
    this.#catchUp.arm();
  }

  #resumeSlot(slot: Slot): void {
    const { isPrimary, context, standing, view } = this.#instance;
    const { proposal, seq } = slot;
    if (proposal !== null && proposal.view === view && seq > standing.maximum) {
      if (isPrimary) this.#instance.proposed = Math.max(this.#instance.proposed, seq);
      if (proposal.certificate.length === 0) this.#normal.certifyDraft(slot);
      else context.superior.proposed(proposal);
    }
    this.#normal.repeat(slot);
  }

  /** What is not of the view that was entered does not exist any more (C4). */
  #install(newView: PbftNewView, opening: Opening): void {
    const { slots, standing, decided, low } = this.#instance;
    let known = Math.max(decided, low, standing.maximum);
    for (let seq = known + 1; seq <= slots.high; seq += 1) {
      if (slots.find(seq)?.decision != null) known = seq;
    }
    this.#instance.known = known;
    this.#installFrom(low + 1, newView, opening);
    this.#normal.enter();
    this.#catchUp.arm();
  }

  #installFrom(first: SequenceNumber, { selections }: PbftNewView, opening: Opening): void {
    const { slots, isPrimary, primary, context } = this.#instance;
    const missing: SequenceNumber[] = [];
    for (const selection of selections) {
      const { seq, digest } = selection;
      if (seq < first || !slots.contains(seq)) continue;
      const value = opening.value(seq, digest);
      if (value === null) missing.push(seq);
      this.#normal.install(selection, value);
    }
    const [lowest] = missing;
    if (lowest === undefined || isPrimary) return;
    context.port.send(primary, new Pull(lowest, missing.at(-1) ?? lowest, true));
  }
}

/** Who answers for PBFT's messages. */
export interface PbftOptions {
  readonly authentication: Authentication;
}

/** PBFT as an instance: byzantine faults, n > 3f, three phases. */
export function pbft({ authentication }: PbftOptions): AgreementProtocol {
  return {
    name: authentication === "mac" ? "pbft" : "pbft-signed",
    create: (context) => new Pbft(authentication, context),
    checks: (address, message) => checks(authentication, address, message),
  };
}
