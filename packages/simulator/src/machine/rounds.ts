import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Instant } from "./machine.ts";

/** What a loop pays for a round's input and output, beside what each frame costs. Micros. */
export interface RoundPrices {
  /** To be woken: something came while the loop had nothing to do. */
  readonly wake: number;
  /** To read from one connection, however many frames have come over it. */
  readonly read: number;
  /** To write to one connection, however many frames go over it. */
  readonly flush: number;
}

/** All clients together: a program has one connection for all of its clients. */
const CLIENTS = -1;

/**
 * The rounds of an event loop. What came while a round was under way is the next one; within a round all frames of one connection
 * are read at once, and all frames for one connection are written at once. So a lone frame costs a read and a write of its own, and
 * the longer the rounds are, the more frames share one. Constant time and no allocation per call.
 */
export class Rounds {
  readonly #prices: RoundPrices;
  /** Peers. */
  readonly #others: number;
  /** By replica, clients last: the last round in which it was read from, and written to. */
  readonly #read: Float64Array;
  readonly #written: Float64Array;
  #round = 0;
  /** When the round began: what comes later is not part of it. */
  #start: Instant = Number.NEGATIVE_INFINITY;
  #begun = true;
  /** Peers that were written to in this round. */
  #peersWritten = 0;

  /** Of one of `n` replicas. */
  constructor(n: number, prices: RoundPrices) {
    this.#prices = prices;
    this.#others = n - 1;
    this.#read = new Float64Array(n + 1);
    this.#written = new Float64Array(n + 1);
  }

  /** A turn of the loop comes now: it belongs to the round that has begun by now, or begins the next one. */
  enter(now: Micros): void {
    if (now <= this.#start) return;
    // Until the round's first turn begins, whatever comes joins it.
    this.#start = Number.POSITIVE_INFINITY;
    this.#begun = false;
    this.#round += 1;
    this.#peersWritten = 0;
  }

  /** The turn that has entered begins. */
  begin(start: Instant): void {
    if (this.#begun) return;
    this.#begun = true;
    // Events happen at whole micros: those of the very instant belong to it, however sums are rounded.
    this.#start = Math.round(start);
  }

  /** The process is gone: what comes next begins a round. */
  reset(): void {
    this.#start = Number.NEGATIVE_INFINITY;
    this.#begun = true;
  }

  /** What reading costs a turn that has entered and is for a frame; `idle` if the loop had nothing to do. */
  read(from: ReplicaId, idle: boolean): number {
    const wake = idle ? this.#prices.wake : 0;
    return this.#isFirst(this.#read, from) ? wake + this.#prices.read : wake;
  }

  readFromClient(idle: boolean): number {
    return this.read(CLIENTS, idle);
  }

  /** What writing a frame to one peer costs beside it. */
  send(to: ReplicaId): number {
    if (this.#peersWritten === this.#others || !this.#isFirst(this.#written, to)) return 0;
    this.#peersWritten += 1;
    return this.#prices.flush;
  }

  /** The same to all peers. */
  broadcast(): number {
    const fresh = this.#others - this.#peersWritten;
    this.#peersWritten = this.#others;
    return fresh * this.#prices.flush;
  }

  /** The same to a client. */
  reply(): number {
    return this.#isFirst(this.#written, CLIENTS) ? this.#prices.flush : 0;
  }

  #isFirst(rounds: Float64Array, whom: number): boolean {
    const index = whom === CLIENTS ? rounds.length - 1 : whom;
    if (rounds[index] === this.#round) return false;
    rounds[index] = this.#round;
    return true;
  }
}
