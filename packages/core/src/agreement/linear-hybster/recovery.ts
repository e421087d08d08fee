import type { ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import { invariant } from "../../kernel/invariant.ts";
import type { SlotRing } from "../../kernel/slot-ring.ts";
import { type Certificate, MessageKind, Pull, Vote } from "../../wire/messages.ts";
import type { AgreementContext } from "../agreement.ts";
import { primaryOf } from "./claims.ts";
import type { Slot } from "./slot.ts";

const PULL_TIMER: TimerId = 1;
/** Slots that one Pull asks for, and that one answer holds at most. */
const PULL_SLOTS_MAX = 64;
/** Bytes of values that one answer holds at most: 1 MiB, plus the slot that crosses it. */
const ANSWER_BYTES_MAX = 1_048_576;
/** The pull timer doubles up to 2^this while nothing moves. */
const BACKOFF_MAX = 4;
/** Waiting slots that one tick looks after, the lowest first. */
const SLOTS_PER_TICK = 16;

/** What recovery reads of the instance. */
interface Progress {
  /** The base. */
  readonly view: number;
  readonly low: SequenceNumber;
  readonly decided: SequenceNumber;
  readonly known: SequenceNumber;
}

/**
 * Gets what the normal case left out: the ladder of collectors and the gap rule of linear-hybster.md 4. One timer for the
 * instance, running only while a known slot is undecided; a slot's age counts its ticks.
 */
export class Recovery {
  readonly #context: AgreementContext;
  readonly #slots: SlotRing<Slot>;
  readonly #progress: Progress;
  /** Slots up to here are decided somewhere, as a peer said. */
  #target: SequenceNumber = 0;
  /** End of the last range asked for while catching up. */
  #asked: SequenceNumber = 0;
  #armed = false;
  /** Ticks in a row without a decision. */
  #fruitless = 0;
  /** Something was decided since the last tick. */
  #moved = false;
  /** Whom to ask next for a range. */
  #source: number;
  /** Rank of the collector that gave us the last certificate: it gets our next share. */
  #lead = 0;

  constructor(context: AgreementContext, slots: SlotRing<Slot>, progress: Progress) {
    this.#context = context;
    this.#slots = slots;
    this.#progress = progress;
    this.#source = context.self;
  }

  /** Starts the timer if something is waiting. */
  arm(): void {
    if (this.#armed || this.#progress.decided >= this.#goal()) return;
    this.#armed = true;
    const delay = this.#context.parameters.pullDelay * 2 ** Math.min(this.#fruitless, BACKOFF_MAX);
    this.#context.port.setTimer(PULL_TIMER, delay);
  }

  /** A slot was decided, or the window moved: while catching up, ask for the next range without waiting for the timer. */
  progress(): void {
    this.#fruitless = 0;
    this.#moved = true;
    const { decided } = this.#progress;
    if (decided >= this.#target) this.#asked = 0;
    if (decided < this.#goal()) {
      if (this.#asked > 0 && decided >= this.#asked) this.#askRange();
      return this.arm();
    }
    if (this.#armed) this.#context.port.cancelTimer(PULL_TIMER);
    this.#armed = false;
  }

  /** A peer says that slots up to `seq` exist. What is under way has until the next tick to come by itself. */
  pursue(seq: SequenceNumber): void {
    this.#target = Math.max(this.#target, seq);
    this.arm();
  }

  expire(timer: TimerId): void {
    if (timer !== PULL_TIMER) return;
    this.#armed = false;
    if (!this.#moved) this.#fruitless += 1;
    // Everybody was asked, twice: the peer that spoke of these slots was wrong, or nobody has them any more.
    if (this.#fruitless > 2 * this.#context.faults.n) {
      this.#target = 0;
      this.#fruitless = 0;
    }
    const behind = this.#target > this.#progress.decided;
    if (behind && (this.#asked === 0 || !this.#moved)) this.#askRange();
    this.#moved = false;
    this.#helpWaiting();
    this.arm();
  }

  /** The base has moved: other collectors, and other slots to wait for. */
  rebase(): void {
    this.#lead = 0;
    this.progress();
  }

  /** A certificate came, the first of its slot or not. Of several that serve, the lowest rank: all come to agree on it. */
  onServed(from: ReplicaId, { view }: Certificate, first: boolean): void {
    const { n, f } = this.#context.faults;
    if (view !== this.#progress.view) return;
    const rank = (from - primaryOf(this.#context, view) + n) % n;
    if (rank < this.#lead || (first && rank <= f)) this.#lead = rank;
  }

  /** Our share for the collector that served us last. */
  sendShare(slot: Slot): void {
    this.#sendShare(slot, this.#lead);
  }

  /** Our share for the collector of this rank; our own bucket has it already. */
  #sendShare(slot: Slot, rank: number): void {
    const { proposal, share } = slot;
    invariant(proposal !== null && share !== null, "a share of ours");
    const collector = this.#collector(rank);
    if (collector === this.#context.self) return;
    const { view, seq, digest } = proposal;
    this.#context.port.send(collector, new Vote({ kind: MessageKind.CommitSig, view, seq, digest, share }));
  }

  /** linear-hybster.md 4, onPull: the Commit if held, any role; else our own share, if issued; and the Prepare. */
  onPull(from: ReplicaId, pull: Pull): void {
    const last = Math.min(pull.last, pull.first + PULL_SLOTS_MAX - 1);
    const first = Math.max(pull.first, 1);
    if (first <= Math.min(last, this.#progress.low)) {
      this.#context.port.serveHistory(from, first, Math.min(last, this.#progress.low));
    }
    let bytes = 0;
    for (let seq = Math.max(pull.first, this.#progress.low + 1); seq <= last; seq += 1) {
      const slot = this.#slots.find(seq);
      if (slot !== undefined) bytes += this.#answer(from, slot, pull.values);
      if (bytes > ANSWER_BYTES_MAX) return;
    }
  }

  #answer(to: ReplicaId, slot: Slot, values: boolean): number {
    const { proposal, shown, commit, share } = slot;
    let bytes = 0;
    if (values && shown !== null && shown.value !== null && shown.certificate.length > 0) {
      this.#context.port.send(to, shown);
      bytes = shown.value.bytes.length;
    }
    if (commit !== null) this.#context.port.send(to, commit);
    else if (share !== null && proposal !== null) {
      const { view, seq, digest } = proposal;
      this.#context.port.send(to, new Vote({ kind: MessageKind.CommitSig, view, seq, digest, share }));
    }
    return bytes;
  }

  /**
   * The ladder: share and Pull to the collectors in groups that double, ranks 1, 2 and 3, 4 to 7, and so on; past rank f to
   * everybody, again and again. Pulling from all is needed: faulty low ranks may serve all but one, who may be the only
   * correct collector (linear-hybster.md 4).
   */
  #helpWaiting(): void {
    let helped = 0;
    const last = Math.min(this.#progress.known, this.#slots.high);
    for (let seq = this.#progress.decided + 1; seq <= last && helped < SLOTS_PER_TICK; seq += 1) {
      const slot = this.#slots.claim(seq);
      if (slot.delivered) continue;
      helped += 1;
      const { age } = slot;
      slot.age += 1;
      if (age === 0) continue; // It may have come just before the tick.
      this.#pull(slot, age);
    }
  }

  #pull(slot: Slot, age: number): void {
    const { f } = this.#context.faults;
    const pull = new Pull(slot.seq, slot.seq, slot.proposal === null || slot.commit !== null);
    const first = 2 ** (age - 1);
    if (first > f) {
      if (slot.share !== null) this.#shareWithAll(slot);
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

  #shareWithAll(slot: Slot): void {
    const { proposal, share } = slot;
    invariant(proposal !== null && share !== null, "a share of ours");
    const { view, seq, digest } = proposal;
    this.#context.port.broadcast(new Vote({ kind: MessageKind.CommitSig, view, seq, digest, share }));
  }

  /** One peer after the other; past rank f all of them, for less. */
  #askRange(): void {
    const { n, f } = this.#context.faults;
    const all = this.#fruitless > f;
    const first = this.#progress.decided + 1;
    const last = Math.min(
      this.#target,
      first + (all ? SLOTS_PER_TICK : PULL_SLOTS_MAX) - 1,
      this.#slots.high,
    );
    if (last < first) return;
    this.#asked = last;
    const pull = new Pull(first, last, true);
    if (all) return this.#context.port.broadcast(pull);
    this.#source = (this.#source + (this.#fruitless > 0 ? 1 : 0)) % n;
    if (this.#source === this.#context.self) this.#source = (this.#source + 1) % n;
    this.#context.port.send(this.#source, pull);
  }

  #goal(): SequenceNumber {
    return Math.min(Math.max(this.#progress.known, this.#target), this.#slots.high);
  }

  /** Rank 0 is the primary, as in the paper's Figure 6b. */
  #collector(rank: number): ReplicaId {
    return (primaryOf(this.#context, this.#progress.view) + rank) % this.#context.faults.n;
  }
}
