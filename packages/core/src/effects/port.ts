import type { InstanceId, Micros, ReplicaId, SequenceNumber, Ticket, TimerId } from "../kernel/ids.ts";
import type { Misbehaviour } from "../kernel/misbehaviour.ts";
import type { Claim } from "../wire/claim.ts";
import type { Message } from "../wire/messages.ts";
import type { Effect, Share, StateRequest } from "./effects.ts";

/** Takes effects, in order. All instances of a replica share one. */
export interface Outbox {
  push(effect: Effect): void;
}

/** One instance's way out. It stamps the instance, so a protocol never knows its own address. */
export class Port {
  readonly #outbox: Outbox;
  readonly #instance: InstanceId;

  constructor(outbox: Outbox, instance: InstanceId) {
    this.#outbox = outbox;
    this.#instance = instance;
  }

  send(to: ReplicaId, message: Message): void {
    this.#outbox.push({ type: "send", instance: this.#instance, to, message });
  }

  /** To every other replica. */
  broadcast(message: Message): void {
    this.#outbox.push({ type: "broadcast", instance: this.#instance, message });
  }

  /** Replaces the timer of the same name. */
  setTimer(timer: TimerId, delay: Micros): void {
    this.#outbox.push({ type: "set-timer", instance: this.#instance, timer, delay });
  }

  cancelTimer(timer: TimerId): void {
    this.#outbox.push({ type: "cancel-timer", instance: this.#instance, timer });
  }

  /** Makes a record durable before anything that follows leaves. */
  persist(seq: SequenceNumber, message: Message): void {
    this.#outbox.push({ type: "persist", record: { instance: this.#instance, seq, message } });
  }

  /** Makes a record durable in time; nothing waits for it. */
  note(seq: SequenceNumber, message: Message): void {
    this.#outbox.push({ type: "note", record: { instance: this.#instance, seq, message } });
  }

  certify(ticket: Ticket, claim: Claim): void {
    this.#outbox.push({ type: "certify", job: { instance: this.#instance, ticket }, claim });
  }

  combine(ticket: Ticket, claim: Claim, shares: readonly Share[]): void {
    this.#outbox.push({ type: "combine", job: { instance: this.#instance, ticket }, claim, shares });
  }

  serveHistory(to: ReplicaId, first: SequenceNumber, last: SequenceNumber): void {
    this.#outbox.push({ type: "serve-history", request: { instance: this.#instance, to, first, last } });
  }

  serveState(request: StateRequest): void {
    this.#outbox.push({ type: "serve-state", request });
  }

  report(peer: ReplicaId, reason: Misbehaviour): void {
    this.#outbox.push({ type: "report", peer, reason });
  }
}
