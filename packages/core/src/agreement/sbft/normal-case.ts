import type { ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import {
  Certificate,
  type Evidence,
  type Message,
  MessageKind,
  type Proposal,
  Pull,
  type Vote,
} from "../../wire/messages.ts";
import { SbftShare, type SbftViewChange } from "../../wire/sbft.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import type { Around, Phase } from "../shared/untrusted/phase.ts";
import { Collecting } from "./collecting.ts";
import { collectorsOf } from "./collectors.ts";
import type { Slot } from "./slot.ts";
import { SbftChanges } from "./view-changes.ts";
import { Voting } from "./voting.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

/** Shares to collectors, and certificates from them: the fast path and the slow one (sbft.md 4). */
export class NormalCase implements Phase<Slot, SbftViewChange> {
  readonly changes: SbftChanges;
  readonly votesAreLogged: boolean = true;
  readonly #around: Around<Slot>;
  readonly #instance: Instance<Slot>;
  readonly #voting: Voting;
  readonly #collecting: Collecting;

  constructor(around: Around<Slot>) {
    this.#around = around;
    this.#instance = around.instance;
    this.changes = new SbftChanges(around.instance);
    this.#collecting = new Collecting(around, {
      prepared: (prepare) => this.#voting.onPrepare(this.#instance.self, prepare),
      decided: (slot, proof) => this.#decide(slot, proof),
    });
    this.#voting = new Voting(around, {
      voted: (slot) => this.#sendVote(slot),
      committed: (to, vote) => {
        if (to === this.#instance.self) this.#collecting.onCommitShare(to, vote);
        else this.#instance.context.port.send(to, vote);
      },
    });
  }

  receive(from: ReplicaId, message: Message): boolean {
    switch (message.kind) {
      case MessageKind.SbftShare:
        this.#collecting.onShare(from, message as SbftShare);
        return true;
      case MessageKind.SbftCommitShare:
        this.#collecting.onCommitShare(from, message as Vote);
        return true;
      case MessageKind.SbftPrepare:
        this.#voting.onPrepare(from, message as Certificate);
        return true;
      case MessageKind.SbftFast:
      case MessageKind.SbftSlow:
        this.#onProof(from, message as Certificate);
        return true;
      default:
        return false;
    }
  }

  expire(timer: TimerId): void {
    this.#collecting.expire(timer);
  }

  mayAccept(): boolean {
    return true;
  }

  onAccepted(slot: Slot, proposal: Proposal): void {
    this.#voting.vote(slot, proposal);
  }

  onCertified(): void {}

  onEntered(slot: Slot): void {
    slot.askers.clear();
    this.#collecting.collect(slot);
  }

  /** Primaries that were given up are slow to collect, too, until they show otherwise. */
  onLeft(): void {
    const { standing, view, self, context } = this.#instance;
    for (const over of [standing.view, view - 1]) {
      const primary = this.#instance.primaryOf(over);
      if (primary !== self) context.silent.add(primary);
    }
    this.#collecting.restart();
  }

  certificate(seq: SequenceNumber): Evidence | null {
    const proof = this.#instance.slots.find(seq)?.proof ?? null;
    return proof === null ? null : { instance: this.#instance.context.instance, message: proof };
  }

  /** What proves the decision, and its value; before there is one our own shares: who asks may collect. */
  answer(to: ReplicaId, slot: Slot, values: boolean): number {
    const { port } = this.#instance.context;
    const { decision, proposal, proof, vote } = slot;
    const wanted = decision === null ? proposal : (slot.body(decision) ?? proposal);
    let bytes = 0;
    if (values && wanted !== null && wanted.value !== null && wanted.certificate.length > 0) {
      port.send(to, wanted);
      bytes = wanted.value.bytes.length;
    }
    if (proof !== null) port.send(to, proof);
    else if (vote?.view === this.#instance.view) port.send(to, vote);
    return bytes;
  }

  /** The collectors and the primary are asked and get our shares again, then everybody: faulty ones may serve all but one. */
  help(slot: Slot, age: number): void {
    const { context, view, self } = this.#instance;
    const { proof, proposal, seq, vote } = slot;
    const { port } = context;
    const needsValue = proof !== null || proposal === null || proposal.value === null;
    const pull = new Pull(seq, seq, needsValue);
    const collectors = collectorsOf(context, view, seq);
    if (proof !== null) return port.broadcast(pull);
    const voted = vote?.view === view ? vote : null;
    const [first] = collectors;
    if (voted !== null && first !== undefined && first !== self) context.silent.add(first);
    if (age > 1) {
      if (voted !== null) port.broadcast(voted);
      port.broadcast(pull);
    } else for (const to of collectors) this.#give(to, pull, voted);
    this.#showHeader(proposal);
    this.#collecting.collect(slot);
    this.#collecting.repeat(slot);
  }

  restoreViews({ slots }: SbftViewChange): void {
    const ring = this.#instance.slots;
    for (const { seq, slow, fast } of slots) {
      if (!ring.contains(seq)) continue;
      const slot = ring.claim(seq);
      if (slow !== null) {
        const fields = { ...slow, kind: MessageKind.SbftPrepare, seq, extension: 0 };
        restorePrepared(slot, new Certificate(fields));
      }
      // Without its share of the slow path: that view is over.
      if (fast !== null) restoreVote(slot, new SbftShare({ ...fast, seq, fast: fast.share, share: NOTHING }));
    }
  }

  restoreProposal(): void {}

  restore(slot: Slot, message: Message): void {
    if (message instanceof SbftShare) restoreVote(slot, message);
    if (!(message instanceof Certificate)) return;
    if (message.kind === MessageKind.SbftPrepare) restorePrepared(slot, message);
    else {
      slot.proof = message;
      slot.decision = message.digest;
      slot.decidedIn = message.view;
    }
  }

  repeat(slot: Slot): void {
    const { proposal, proof, accepted, vote } = slot;
    const { view, votes } = this.#instance;
    if (proof !== null || !votes || !accepted || proposal?.view !== view) return;
    if (vote?.view === view) this.#sendVote(slot);
    else this.#voting.vote(slot, proposal);
  }

  /** Of whatever view: it is final (sbft.md 10.7). */
  #onProof(from: ReplicaId, proof: Certificate): void {
    const { slots, low, view, context } = this.#instance;
    if (proof.seq <= low) return;
    if (proof.view > view) this.#around.ahead(from, proof.view);
    if (!slots.contains(proof.seq)) return this.#around.pursue(proof.seq);
    if (proof.view === view) context.silent.delete(from);
    this.#decide(slots.claim(proof.seq), proof);
  }

  #decide(slot: Slot, proof: Certificate): void {
    if (slot.proof !== null) return;
    slot.proof = proof;
    this.#collecting.onDecided(slot, proof);
    this.#around.decide(slot, proof, proof);
  }

  /** To the first c + 1 collectors; to the last at once only where the first has left some instance of ours waiting. */
  #sendVote(slot: Slot): void {
    const { context, view } = this.#instance;
    const collectors = collectorsOf(context, view, slot.seq);
    const late = context.silent.has(collectors[0] ?? 0);
    for (const to of late ? collectors : collectors.slice(0, -1)) this.#give(to, null, slot.vote);
  }

  #give(to: ReplicaId, pull: Pull | null, vote: SbftShare | null): void {
    const { context, self } = this.#instance;
    if (to !== self && pull !== null) context.port.send(to, pull);
    if (vote === null) return;
    if (to === self) this.#collecting.onShare(self, vote);
    else context.port.send(to, vote);
  }

  /** Who lacks our proposal asks for it. */
  #showHeader(proposal: Proposal | null): void {
    const { isPrimary, view, context } = this.#instance;
    if (!isPrimary || proposal === null || proposal.view !== view || proposal.certificate.length === 0)
      return;
    context.port.broadcast(proposal.header());
  }
}

function restorePrepared(slot: Slot, prepared: Certificate): void {
  if (slot.prepared === null || slot.prepared.view < prepared.view) slot.prepared = prepared;
}

function restoreVote(slot: Slot, vote: SbftShare): void {
  if (slot.vote === null || slot.vote.view < vote.view) slot.vote = vote;
}
