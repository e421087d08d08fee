import type { InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { type Check, isLater } from "@destiny/core/wire/check";
import { decodeFrame } from "@destiny/core/wire/codec";
import type { Message } from "@destiny/core/wire/messages";
import { DecodeError } from "@destiny/core/wire/reader";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { FairQueue } from "./fair-queue.ts";
import type { Frames } from "./frames.ts";
import type { HostRecorder } from "./types.ts";
import type { Verifier } from "./verifier.ts";

/** Bytes of one peer's frames that may wait for verification before the peer is paused: 16 MiB. */
export const UNVERIFIED_BYTES_MAX = 16_777_216;
/** Checks of one peer that may be under way before its further frames wait, where nobody else has to wait for them. */
const CHECKS_MAX = 128;
/** For so long frames are looked at before the event loop turns to something else, in milliseconds. */
const TURN_MILLIS = 2;
/** What frames cost, in bytes: to look at one at all, and to check a signature, which takes 40 us. */
const FRAME_COST = 2_048;
const CHECK_COST = 16_384;

/** What waits of one peer, or is under way. */
interface Load {
  bytes: number;
  checks: number;
  paused: boolean;
}

/** A message that is not known to be authentic. */
interface Unverified {
  readonly instance: InstanceId;
  readonly message: Message;
  readonly bytes: number;
  readonly needed: readonly Check[];
}

export interface IngressOptions {
  readonly verifier: Verifier;
  readonly recorder: HostRecorder;
  readonly frames: Frames;
  /** Whether a message is worth its checks. */
  readonly admits: (from: ReplicaId, instance: InstanceId, message: Message) => boolean;
  readonly checks: (instance: InstanceId, message: Message) => readonly Check[] | null;
  /** An authentic message. */
  readonly deliver: (from: ReplicaId, instance: InstanceId, message: Message) => void;
  readonly report: (from: ReplicaId, reason: Misbehaviour) => void;
  /** Lets a peer's bytes wait in the network. */
  readonly pause: (from: ReplicaId) => void;
  readonly resume: (from: ReplicaId) => void;
}

/**
 * From frames to authentic messages: decode within limits, check, and only then let the core see it. Peers are served in turns, so
 * that one who sends all it can delays nobody but itself.
 */
export class Ingress {
  readonly #options: IngressOptions;
  readonly #loads = new Map<ReplicaId, Load>();
  readonly #queue = new FairQueue();
  readonly #may = (from: ReplicaId): boolean => this.#of(from).checks < CHECKS_MAX;
  #scheduled = false;
  #closed = false;

  constructor(options: IngressOptions) {
    this.#options = options;
  }

  /** Never throws for a peer's bytes, whatever they are. */
  onFrame(from: ReplicaId, bytes: Uint8Array): void {
    const load = this.#of(from);
    load.bytes += bytes.length;
    this.#queue.push(from, bytes);
    this.#schedule();
    if (load.paused || load.bytes <= UNVERIFIED_BYTES_MAX) return;
    load.paused = true;
    this.#options.pause(from);
  }

  /** What waits is dropped. */
  close(): void {
    this.#closed = true;
  }

  #schedule(): void {
    if (this.#scheduled || this.#closed) return;
    this.#scheduled = true;
    setImmediate(this.#turn);
  }

  /** After all that the network brought has joined its queue. */
  readonly #turn = (): void => {
    this.#scheduled = false;
    const end = performance.now() + TURN_MILLIS;
    while (!this.#closed) {
      const next = this.#queue.take(this.#may);
      if (next === null) return;
      this.#take(next.from, next.frame);
      if (performance.now() > end) return this.#schedule();
    }
  };

  #take(from: ReplicaId, bytes: Uint8Array): void {
    const { admits, checks, deliver, report, frames } = this.#options;
    this.#queue.charge(from, FRAME_COST + bytes.length);
    const frame = decode(bytes);
    if (frame !== null && !admits(from, frame.instance, frame.message))
      return this.#release(from, bytes.length, 0);
    const needed = frame === null ? null : checks(frame.instance, frame.message);
    if (frame !== null && needed !== null) frames.remember(frame.message, bytes);
    if (frame !== null && needed !== null && needed.length > 0) {
      return this.#verify(from, { ...frame, bytes: bytes.length, needed });
    }
    this.#release(from, bytes.length, 0);
    if (frame === null) report(from, Misbehaviour.BadFrame);
    else if (needed === null) report(from, Misbehaviour.NotForUs);
    else deliver(from, frame.instance, frame.message);
  }

  #verify(from: ReplicaId, { instance, message, bytes, needed }: Unverified): void {
    const { verifier, recorder, deliver, report } = this.#options;
    this.#queue.charge(from, needed.length * CHECK_COST);
    this.#of(from).checks += needed.length;
    const start = performance.now();
    void verifier.authentic(needed).then((authentic) => {
      recorder.verified(needed.length, (performance.now() - start) / 1_000);
      this.#release(from, bytes, needed.length);
      this.#schedule();
      if (authentic) deliver(from, instance, message);
      else if (!isLater(needed)) report(from, Misbehaviour.BadCertificate);
    });
  }

  #release(from: ReplicaId, bytes: number, checks: number): void {
    const load = this.#of(from);
    load.bytes -= bytes;
    load.checks -= checks;
    if (!load.paused || load.bytes > UNVERIFIED_BYTES_MAX / 2) return;
    load.paused = false;
    this.#options.resume(from);
  }

  #of(from: ReplicaId): Load {
    let load = this.#loads.get(from);
    if (load === undefined) {
      load = { bytes: 0, checks: 0, paused: false };
      this.#loads.set(from, load);
    }
    return load;
  }
}

function decode(bytes: Uint8Array): ReturnType<typeof decodeFrame> | null {
  try {
    return decodeFrame(bytes, digestOf);
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}
