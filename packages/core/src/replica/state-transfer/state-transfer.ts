import type { Port } from "../../effects/port.ts";
import type { Micros, ReplicaId, SequenceNumber, TimerId } from "../../kernel/ids.ts";
import { Misbehaviour } from "../../kernel/misbehaviour.ts";
import type { Anchor } from "../../wire/anchor.ts";
import { FetchState, type Piece, type StateDigests, type StatePages } from "../../wire/state-transfer.ts";
import type { Hash } from "../../wire/value.ts";
import { type Chunk, Gathering, type Taken } from "./gathering.ts";
import { Manifest } from "./manifest.ts";
import { type Source, Sources } from "./sources.ts";

/** Ticks after which an answer that did not come is not waited for any more, even late. */
const LATE_TICKS_MAX = 200;
/** Ticks without anything new, after which a newer state is aimed at although somebody had this one. */
const STUCK_TICKS = 50;
const NO_PIECES: readonly Piece[] = [];

export interface StateTransferOptions {
  readonly self: ReplicaId;
  readonly n: number;
  readonly port: Port;
  readonly hash: Hash;
  readonly timer: TimerId;
  /** Length of a tick: deadlines are so many of them. */
  readonly delay: Micros;
  readonly executed: () => SequenceNumber;
  /** The newest stable checkpoint known. */
  readonly newest: () => Anchor | null;
  /** A page of our own state as it is now; null if there is none. */
  readonly own: (index: number) => Uint8Array | null;
  /** All pages of the state that the anchor certifies, each verified. */
  readonly install: (anchor: Anchor, pages: readonly Uint8Array[]) => void;
}

/** How far a transfer is, for people. */
export interface TransferProgress {
  /** The checkpoint that is fetched. */
  readonly seq: SequenceNumber;
  /** Pages that differ from ours: how many have come, and how many there are; 0 of 0 while that is not known. */
  readonly pagesDone: number;
  readonly pages: number;
}

/** Something to be asked of anybody who has the state. */
type Task = { readonly first: number } | Chunk;

/** A request under way. */
interface Errand {
  readonly source: Source;
  readonly task: Task;
  readonly asked: number;
  readonly deadline: number;
  /** It did not come in time, and was asked of another. */
  late: boolean;
}

/**
 * Fetches a certified state that is ahead of ours (pbft.md 9; hybster.md 7; dqbft.md 5): first the digests of its pages, each
 * subtree verified by itself; then the pages that differ from ours, of several peers at once. Nothing of it counts before all
 * of it is here. Content-addressed: if nobody has that state any more, what has come serves for a newer one.
 */
export class StateTransfer {
  readonly #options: StateTransferOptions;
  readonly #gathering: Gathering;
  readonly #errands = new Map<number, Errand>();
  #sources: Sources;
  #manifest: Manifest | null = null;
  readonly #tasks = new Set<Task>();
  /** All digests have been asked for. */
  #surveyed = false;
  /** All pages have been asked for. */
  #planned = false;
  #ticket = 0;
  #now = 0;
  #progressAt = 0;
  #armed = false;

  constructor(options: StateTransferOptions) {
    this.#options = options;
    this.#gathering = new Gathering(options.hash);
    this.#sources = new Sources(options.self, options.n);
  }

  get active(): boolean {
    return this.#manifest !== null;
  }

  /** Null if nothing is being fetched. */
  get progress(): TransferProgress | null {
    if (this.#manifest === null) return null;
    const { seq } = this.#manifest.anchor;
    if (!this.#planned) return { seq, pagesDone: 0, pages: 0 };
    const { done, of } = this.#gathering.progress;
    return { seq, pagesDone: done, pages: of };
  }

  /** Goes for the newest stable state, unless it is under way already. */
  start(): void {
    const newest = this.#options.newest();
    if (this.active || newest === null || newest.seq <= this.#options.executed()) return;
    this.#sources = new Sources(this.#options.self, this.#options.n);
    this.#aim(newest);
    this.#go();
  }

  onDigests(from: ReplicaId, message: StateDigests): void {
    const errand = this.#errandOf(from, message);
    if (errand === null || this.#manifest === null) return;
    const { source, task } = errand;
    if (message.digests.length === 0) this.#onDeclined(errand);
    else if (!("first" in task) || message.first !== task.first || !this.#manifest.add(message)) {
      this.#condemn(source);
      this.#queue(task);
    } else {
      this.#praise(errand);
      if (!this.#planned) this.#plan(this.#manifest);
    }
    this.#go();
  }

  onPages(from: ReplicaId, message: StatePages): void {
    const errand = this.#errandOf(from, message);
    if (errand === null) return;
    const { source, task } = errand;
    const taken: Taken =
      "first" in task ? { culprit: from, again: [] } : this.#gathering.take(task, message.pieces, from);
    if (taken.culprit === null) this.#praise(errand);
    else {
      this.#condemn(source);
      this.#queue(task);
    }
    for (const chunk of taken.again) this.#queue(chunk);
    this.#go();
  }

  /** The timer has fired. */
  tick(): void {
    this.#armed = false;
    this.#now += 1;
    for (const [ticket, errand] of this.#errands) {
      if (this.#now > errand.deadline + LATE_TICKS_MAX) this.#errands.delete(ticket);
      else if (this.#now > errand.deadline && !errand.late) {
        this.#sources.fail(errand.source, this.#now);
        this.#giveUp(errand.source);
      }
    }
    this.#go();
  }

  /** A status period has passed. */
  renew(): void {
    this.#sources.renew();
    this.#go();
  }

  /** What can be done now. */
  #go(): void {
    const manifest = this.#manifest;
    if (manifest === null) return;
    if (this.#options.executed() >= manifest.anchor.seq) return this.#end(); // Its peers' logs were quicker.
    if (this.#planned && this.#gathering.complete) return this.#finish(manifest.anchor);
    this.#ask();
    if (this.#sources.idle) this.#turn(manifest.anchor);
    if (this.#armed) return;
    this.#armed = true;
    this.#options.port.setTimer(this.#options.timer, this.#options.delay);
  }

  #aim(anchor: Anchor): void {
    this.#manifest = new Manifest(anchor, this.#options.hash);
    this.#errands.clear();
    this.#tasks.clear();
    this.#surveyed = false;
    this.#planned = false;
    this.#sources.turn();
    this.#progressAt = this.#now;
  }

  /** Nobody has the state any more, or whoever has it gives none of it: a newer one, if there is one by now. */
  #turn(anchor: Anchor): void {
    const newest = this.#options.newest();
    if (newest === null || newest.seq <= anchor.seq) return;
    if (this.#sources.haveIt && this.#now - this.#progressAt < STUCK_TICKS) return;
    this.#aim(newest);
    this.#ask();
  }

  #ask(): void {
    // The first digests show that a peer has the state at all, and make it keep that while it is fetched.
    for (const source of this.#sources.recruit(this.#now)) this.#send(source, { first: 0 });
    for (let ready = this.#sources.ready; ready.length > 0; ready = this.#sources.ready) {
      let asked = false;
      for (const source of ready) {
        const task = this.#taskFor(source);
        if (task === null) continue;
        asked = true;
        this.#send(source, task);
      }
      if (!asked) return;
    }
  }

  #taskFor(source: Source): Task | null {
    for (const task of this.#tasks) {
      const isDone = !("first" in task) && this.#gathering.has(task);
      if (isDone)
        this.#tasks.delete(task); // It came late, after all.
      else if ("first" in task || this.#gathering.mayCome(task, source.id)) {
        this.#tasks.delete(task);
        return task;
      }
    }
    return null;
  }

  /** To be asked of somebody. The first digests are asked of everybody who is turned to. */
  #queue(task: Task): void {
    if (!("first" in task) || task.first > 0) this.#tasks.add(task);
  }

  #send(source: Source, task: Task): void {
    const seq = this.#manifest?.anchor.seq ?? 0;
    this.#ticket = (this.#ticket + 1) % 0x1_0000_0000;
    const asks =
      "first" in task ? { first: task.first, pieces: NO_PIECES } : { first: 0, pieces: task.pieces };
    source.outstanding += 1;
    source.asked += 1;
    const deadline = this.#now + source.patience;
    this.#errands.set(this.#ticket, { source, task, asked: this.#now, deadline, late: false });
    this.#options.port.send(source.id, new FetchState({ seq, ticket: this.#ticket, ...asks }));
  }

  /** The request that this answers; null, and a report, if there is none. Late answers are as good as others. */
  #errandOf(from: ReplicaId, { seq, ticket }: StateDigests | StatePages): Errand | null {
    const errand = this.#errands.get(ticket);
    if (errand === undefined || errand.source.id !== from || seq !== this.#manifest?.anchor.seq) return null;
    this.#errands.delete(ticket);
    if (!errand.late) errand.source.outstanding -= 1;
    return errand.source.condemned ? null : errand;
  }

  #praise({ source, asked }: Errand): void {
    this.#progressAt = this.#now;
    this.#sources.praise(source, this.#now - asked);
  }

  #onDeclined({ source, late, task }: Errand): void {
    if (late) return;
    this.#sources.decline(source, this.#now);
    this.#queue(task);
    this.#giveUp(source);
  }

  #condemn(source: Source): void {
    this.#options.port.report(source.id, Misbehaviour.WrongState);
    this.#sources.condemn(source);
    this.#giveUp(source);
  }

  /** What was asked of it is to be asked of others. */
  #giveUp(source: Source): void {
    for (const errand of this.#errands.values()) {
      if (errand.source !== source || errand.late) continue;
      errand.late = true;
      this.#queue(errand.task);
    }
    for (const chunk of this.#gathering.forsake(source.id)) this.#queue(chunk);
  }

  /** The digests that the first ones have left to ask for; once all are here, the pages. */
  #plan(manifest: Manifest): void {
    if (manifest.complete) {
      this.#planned = true;
      for (const chunk of this.#gathering.aim(manifest, this.#options.own)) this.#queue(chunk);
    } else if (!this.#surveyed) {
      this.#surveyed = true;
      for (const first of manifest.missing()) this.#queue({ first });
    }
  }

  #finish(anchor: Anchor): void {
    const pages = this.#gathering.pages();
    this.#end();
    this.#options.install(anchor, pages);
  }

  #end(): void {
    this.#manifest = null;
    this.#errands.clear();
    this.#tasks.clear();
    this.#surveyed = false;
    this.#planned = false;
    this.#gathering.clear();
    if (this.#armed) this.#options.port.cancelTimer(this.#options.timer);
    this.#armed = false;
  }
}
