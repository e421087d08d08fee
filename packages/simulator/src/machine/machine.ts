import type { Effect } from "@destiny/core/effects/effects";
import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Claim } from "@destiny/core/wire/claim";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import type { MessageKind } from "@destiny/core/wire/messages";

/**
 * A point of virtual time in microseconds, fractions allowed: what a machine and its network interface add up. Events happen at
 * the whole microsecond that it lies in.
 */
export type Instant = number;

/** A peer's message, as it comes off the wire. */
export interface Incoming {
  readonly kind: MessageKind;
  readonly content: object;
  readonly bytes: number;
}

/** What a machine tells itself. */
export type OwnEvent = "start" | "expiry" | "completion";

/**
 * How long the machine of one replica takes for things: processors, a serial loop, workers, in-order lanes. It computes when
 * things are done and schedules nothing.
 *
 * The host promises: every call is made when it happens, so that `now` never decreases over all calls of one machine, and each
 * resource sees its jobs in the order in which they come. One event of the loop is one call of {@link Machine.handle} or its
 * sisters, in the order in which they enter it. The handler has run just before, at once, so what it did is known; all that the
 * world sees of it, its effects, waits until the loop is done with it, and effects of one replica leave in the loop's order. So a
 * message costs one event, unless a worker has to look at it first.
 */
export interface Machine {
  /**
   * A peer's message is off the wire. When it may enter the loop: `now` if no worker has to look at it before; never before `now`.
   */
  arrive(message: Incoming, now: Micros): Instant;
  /** The same of a client's message. */
  arriveFromClient(message: ClientMessage, bytes: number, now: Micros): Instant;
  /**
   * The loop takes a message that came to it now, once it is done with what came before. When it is done with this one too: not
   * before `now`, nor before the last answer of this method and its sisters. `effects` are what its handler asked for, sends
   * among them: whatever the loop spends on these is part of it. They are lent for the call.
   */
  handle(message: Incoming, from: ReplicaId, effects: readonly Effect[], now: Micros): Instant;
  /** The same of a client's message. */
  handleFromClient(message: ClientMessage, bytes: number, effects: readonly Effect[], now: Micros): Instant;
  /** The same of what the machine tells itself: it has started, a timer has expired, a job is done. */
  handleOwn(event: OwnEvent, effects: readonly Effect[], now: Micros): Instant;
  /** During a handler, before the call of {@link Machine.handle} that is for it: so many commands were executed, of so many bytes. */
  execute(commands: number, bytes: number): void;
  /** A claim goes to whom it is signed by: the trusted subsystem's lane, or a worker. When it is signed. */
  certify(claim: Claim, now: Micros): Instant;
  /** So many shares go to a worker, to become one certificate. When they are. */
  combine(claim: Claim, shares: number, now: Micros): Instant;
  /** The process is gone: what was under way is too. */
  crash(now: Micros): void;
}

/** Makes the machine of one replica. */
export type MachineFactory = (self: ReplicaId) => Machine;
