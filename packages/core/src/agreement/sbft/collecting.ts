import type { Share } from "../../effects/effects.ts";
import type { Digest, ReplicaId, SequenceNumber, TimerId, View } from "../../kernel/ids.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import { Certificate, MessageKind, type Vote } from "../../wire/messages.ts";
import type { SbftShare } from "../../wire/sbft.ts";
import type { Subject } from "../shared/untrusted/claims.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import type { Around } from "../shared/untrusted/phase.ts";
import type { Votes } from "../shared/votes.ts";
import { fastClaim, preparedClaim, proposalClaim } from "./claims.ts";
import { collectorsOf } from "./collectors.ts";
import { Patience, TICKS_MAX } from "./patience.ts";
import { Collection, type Slot } from "./slot.ts";

const WAIT_TIMER: TimerId = 4;

/** What comes of shares. */
export interface CollectingEvents {
  /** A prepare certificate was made here, and sent to all. */
  prepared(prepare: Certificate): void;
  /** A slot is decided: its proof was made here, and sent to all. */
  decided(slot: Slot, proof: Certificate): void;
}

/** The work of a collector: shares into certificates, by the fast path if all come in time, else by the slow one (sbft.md 4). */
export class Collecting {
  readonly #around: Around<Slot>;
  readonly #instance: Instance<Slot>;
  readonly #events: CollectingEvents;
  readonly #patience = new Patience();
  /** Slots that wait for the last shares, and how many ticks they have. */
  readonly #waiting = new Map<SequenceNumber, number>();
  #timing = false;

  constructor(around: Around<Slot>, events: CollectingEvents) {
    this.#around = around;
    this.#instance = around.instance;
    this.#events = events;
  }

  onShare(from: ReplicaId, message: SbftShare): void {
    const slot = this.#slotOf(from, message);
    if (slot === null) return;
    slot.collection ??= new Collection();
    const counted = slot.collection.shares.add(from, message);
    if (counted === "conflict") return this.#report(from, Misbehaviour.Equivocation);
    // It sends it again: it does not know.
    if (counted === "known") return this.#answer(from, slot);
    if (slot.proof !== null || message.view < this.#instance.view) return;
    this.#noticeExistence(slot, slot.collection);
    this.collect(slot);
  }

  onCommitShare(from: ReplicaId, vote: Vote): void {
    const slot = this.#slotOf(from, vote);
    if (slot === null) return;
    slot.collection ??= new Collection();
    const counted = slot.collection.commits.add(from, vote);
    if (counted === "conflict") return this.#report(from, Misbehaviour.Equivocation);
    if (counted === "counted") this.#conclude(slot, slot.collection);
  }

  /** Goes on as far as the shares allow. */
  collect(slot: Slot): void {
    const { view, active, context } = this.#instance;
    const { collection, seq } = slot;
    if (!active || slot.proof !== null || collection === null || !this.#isDue(slot)) return;
    const agreed = collection.shares.reached(context.faults.quorum, view);
    if (agreed === null) return;
    const subject = { view, seq, digest: agreed.digest };
    if (this.#combineFast(slot, collection, subject)) return;
    if (collection.made?.view === view) return;
    if (this.#mayHurry(slot, collection)) this.#combinePrepare(slot, collection, subject);
  }

  /** Says again what we have collected of a slot that does not move on. */
  repeat({ collection }: Slot): void {
    const { view, context } = this.#instance;
    if (collection?.made?.view === view) context.port.broadcast(collection.made);
  }

  /** A slot was decided, here or by another collector. */
  onDecided({ prepared }: Slot, { kind, view }: Certificate): void {
    if (kind !== MessageKind.SbftFast) return this.#patience.missed();
    this.#patience.hit();
    // There is a prepare certificate: who collected had given up, and both paths were paid for.
    if (prepared?.view === view) this.#patience.gaveUpTooSoon();
  }

  /** Nothing waits any more: it was for a view that is over. */
  restart(): void {
    this.#waiting.clear();
    this.#rest();
  }

  expire(timer: TimerId): void {
    if (timer !== WAIT_TIMER) return;
    this.#timing = false;
    for (const [seq, ticks] of this.#waiting) {
      const slot = this.#instance.slots.find(seq);
      const collection = slot?.collection ?? null;
      if (slot === undefined || collection === null || slot.proof !== null) this.#waiting.delete(seq);
      else if (ticks < this.#patience.ticks) this.#waiting.set(seq, ticks + 1);
      else this.#giveUp(slot, collection);
    }
    if (this.#waiting.size > 0) this.#time();
  }

  /** The slow path begins. */
  #giveUp(slot: Slot, collection: Collection): void {
    this.#waiting.delete(slot.seq);
    collection.hurriedView = this.#instance.view;
    this.collect(slot);
  }

  /** A slot that a vote is about, if it is one of ours; who is ahead of us is asked for its view. */
  #slotOf(from: ReplicaId, { seq, view }: { seq: SequenceNumber; view: number }): Slot | null {
    const { slots, low, active } = this.#instance;
    if (seq <= low) return null;
    if (!slots.contains(seq)) {
      // No fault: the stable checkpoint of whoever sends it may be newer than ours.
      this.#around.pursue(seq);
      return null;
    }
    const ahead = view > this.#instance.view || (view === this.#instance.view && !active);
    if (ahead) this.#around.ahead(from, view);
    return slots.claim(seq);
  }

  #answer(to: ReplicaId, { proof }: Slot): void {
    if (proof !== null && to !== this.#instance.self) this.#instance.context.port.send(to, proof);
  }

  /** One share may be a lie; with `f + 1` a correct replica has the proposal (dqbft.md H22). */
  #noticeExistence({ proposal, seq }: Slot, { shares }: Collection): void {
    if (proposal?.view === this.#instance.view) return;
    if (shares.size >= this.#instance.context.faults.oneCorrect) this.#around.see(seq);
    else this.#around.pursue(seq);
  }

  /** Collectors of ranks 1 to c act one after the other, while nothing is heard of those before (sbft.md 1). */
  #isDue({ seq, age }: Slot): boolean {
    const { context, self, view } = this.#instance;
    const rank = collectorsOf(context, view, seq).indexOf(self);
    return rank < 1 || rank > context.faults.c || age > rank;
  }

  /** Whether all shares that the fast path needs are here. */
  #combineFast(slot: Slot, collection: Collection, subject: Subject): boolean {
    const { combining, culprits } = collection;
    const { context, jobs } = this.#instance;
    const shares = sharesOf(collection.shares, subject, culprits.fast, ({ fast }) => fast);
    if (shares.length < context.faults.fastQuorum) return false;
    if (combining.fast === subject.view) return true;
    combining.fast = subject.view;
    jobs.combine(fastClaim(context.instance, subject), shares, (result) => {
      if (result.type !== "combined") return;
      combining.fast = -1;
      this.#blame(result.culprits, culprits.fast);
      if (slot.proof !== null) return;
      if (result.aggregate !== null)
        return this.#prove(slot, MessageKind.SbftFast, subject, result.aggregate);
      if (subject.view === this.#instance.view) this.#giveUp(slot, collection);
    });
    return true;
  }

  #mayHurry(slot: Slot, collection: Collection): boolean {
    const { view } = this.#instance;
    if (collection.hurriedView === view) return true;
    if (collection.waitingView === view) return false;
    if (!this.#patience.waits()) {
      collection.hurriedView = view;
      return true;
    }
    collection.waitingView = view;
    this.#waiting.set(slot.seq, 0);
    this.#time();
    return false;
  }

  #combinePrepare(slot: Slot, collection: Collection, subject: Subject): void {
    const { combining, culprits } = collection;
    const { context, jobs } = this.#instance;
    const shares = sharesOf(collection.shares, subject, culprits.prepare, ({ share }) => share);
    if (combining.prepare === subject.view || shares.length < context.faults.quorum) return;
    combining.prepare = subject.view;
    jobs.combine(proposalClaim(context.instance, subject), shares, (result) => {
      if (result.type !== "combined") return;
      combining.prepare = -1;
      this.#blame(result.culprits, culprits.prepare);
      if (slot.proof !== null || subject.view !== this.#instance.view) return;
      if (result.aggregate === null) return this.collect(slot);
      collection.made = certificate(MessageKind.SbftPrepare, subject, result.aggregate);
      context.port.broadcast(collection.made);
      this.#events.prepared(collection.made);
    });
  }

  /** A quorum holds a prepare certificate, of whatever view: decided. */
  #conclude(slot: Slot, collection: Collection): void {
    const { combining, culprits, commits } = collection;
    const { context, jobs } = this.#instance;
    const agreed = slot.proof === null ? commits.reached(context.faults.quorum) : null;
    if (agreed === null) return;
    const { view, digest } = agreed;
    const subject = { view, seq: slot.seq, digest };
    const shares = sharesOf(commits, subject, culprits.commit, ({ share }) => share);
    if (combining.commit === view || shares.length < context.faults.quorum) return;
    combining.commit = view;
    jobs.combine(preparedClaim(context.instance, subject), shares, (result) => {
      if (result.type !== "combined") return;
      combining.commit = -1;
      this.#blame(result.culprits, culprits.commit);
      if (slot.proof !== null) return;
      if (result.aggregate === null) return this.#conclude(slot, collection);
      this.#prove(slot, MessageKind.SbftSlow, subject, result.aggregate);
    });
  }

  #prove(slot: Slot, kind: MessageKind, subject: Subject, aggregate: Uint8Array): void {
    const proof = certificate(kind, subject, aggregate);
    this.#waiting.delete(slot.seq);
    this.#rest();
    this.#instance.context.port.broadcast(proof);
    this.#events.decided(slot, proof);
  }

  #blame(culprits: readonly ReplicaId[], known: Set<ReplicaId>): void {
    for (const culprit of culprits) {
      known.add(culprit);
      this.#report(culprit, Misbehaviour.BadShare);
    }
  }

  #report(peer: ReplicaId, reason: Misbehaviour): void {
    this.#instance.context.port.report(peer, reason);
  }

  #time(): void {
    if (this.#timing) return;
    this.#timing = true;
    const { parameters, port } = this.#instance.context;
    port.setTimer(WAIT_TIMER, Math.ceil(parameters.pullDelay / TICKS_MAX));
  }

  #rest(): void {
    if (!this.#timing || this.#waiting.size > 0) return;
    this.#timing = false;
    this.#instance.context.port.cancelTimer(WAIT_TIMER);
  }
}

function certificate(kind: MessageKind, { view, seq, digest }: Subject, aggregate: Uint8Array): Certificate {
  return new Certificate({ kind, view, seq, digest, extension: 0, aggregate });
}

/** The shares for a subject, but those of culprits; `of` chooses the path. */
function sharesOf<Ballot extends { readonly view: View; readonly digest: Digest }>(
  votes: Votes<Ballot>,
  { digest, view }: Subject,
  culprits: ReadonlySet<ReplicaId>,
  of: (vote: Ballot) => Uint8Array,
): Share[] {
  return votes
    .supporting(digest, view)
    .filter(([signer]) => !culprits.has(signer))
    .map(([signer, vote]) => ({ signer, share: of(vote) }));
}
