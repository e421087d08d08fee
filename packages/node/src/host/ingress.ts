import type { InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Check } from "@destiny/core/wire/check";
import { decodeFrame } from "@destiny/core/wire/codec";
import type { Message } from "@destiny/core/wire/messages";
import { DecodeError } from "@destiny/core/wire/reader";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Frames } from "./frames.ts";
import type { HostRecorder } from "./types.ts";
import type { Verifier } from "./verifier.ts";

/** Bytes of one peer's frames that may wait for verification before the peer is paused: 16 MiB. */
const UNVERIFIED_BYTES_MAX = 16_777_216;

export interface IngressOptions {
  readonly verifier: Verifier;
  readonly recorder: HostRecorder;
  readonly frames: Frames;
  readonly checks: (instance: InstanceId, message: Message) => readonly Check[] | null;
  /** An authentic message. */
  readonly deliver: (from: ReplicaId, instance: InstanceId, message: Message) => void;
  readonly report: (from: ReplicaId, reason: Misbehaviour) => void;
  /** Lets a peer's bytes wait in the network. */
  readonly pause: (from: ReplicaId) => void;
  readonly resume: (from: ReplicaId) => void;
}

/** From frames to authentic messages: decode within limits, check, and only then let the core see it. */
export class Ingress {
  readonly #options: IngressOptions;
  readonly #waiting = new Map<ReplicaId, { bytes: number; paused: boolean }>();

  constructor(options: IngressOptions) {
    this.#options = options;
  }

  /** Never throws for a peer's bytes, whatever they are. */
  onFrame(from: ReplicaId, bytes: Uint8Array): void {
    const { checks, deliver, report } = this.#options;
    const frame = decode(bytes);
    if (frame === null) return report(from, Misbehaviour.BadFrame);
    const needed = checks(frame.instance, frame.message);
    if (needed === null) return report(from, Misbehaviour.NotForUs);
    this.#options.frames.remember(frame.message, bytes);
    if (needed.length === 0) return deliver(from, frame.instance, frame.message);
    this.#admit(from, bytes.length);
    const start = performance.now();
    void this.#options.verifier.authentic(needed).then((authentic) => {
      this.#options.recorder.verified(needed.length, (performance.now() - start) / 1_000);
      this.#release(from, bytes.length);
      if (authentic) deliver(from, frame.instance, frame.message);
      else report(from, Misbehaviour.BadCertificate);
    });
  }

  #admit(from: ReplicaId, bytes: number): void {
    const waiting = this.#of(from);
    waiting.bytes += bytes;
    if (waiting.paused || waiting.bytes <= UNVERIFIED_BYTES_MAX) return;
    waiting.paused = true;
    this.#options.pause(from);
  }

  #release(from: ReplicaId, bytes: number): void {
    const waiting = this.#of(from);
    waiting.bytes -= bytes;
    if (!waiting.paused || waiting.bytes > UNVERIFIED_BYTES_MAX / 2) return;
    waiting.paused = false;
    this.#options.resume(from);
  }

  #of(from: ReplicaId): { bytes: number; paused: boolean } {
    let waiting = this.#waiting.get(from);
    if (waiting === undefined) {
      waiting = { bytes: 0, paused: false };
      this.#waiting.set(from, waiting);
    }
    return waiting;
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
