import type { Port } from "../effects/port.ts";
import type { Digest, SequenceNumber } from "../kernel/ids.ts";
import { Anchor, openAnchor } from "../wire/anchor.ts";
import type { CheckpointProof } from "../wire/messages.ts";
import type { Hash } from "../wire/value.ts";

/** A checkpoint taken here that is not proven yet: all that its anchor needs but the proof. */
export interface Opening {
  readonly part: Uint8Array;
  readonly pageCount: number;
  readonly path: readonly Digest[];
}

/** What may be forgotten: the newest checkpoint that was taken here and is covered, and the anchor that covers it. */
export interface Coverage {
  readonly seq: SequenceNumber;
  readonly part: Uint8Array;
  readonly anchor: Anchor;
}

/** The newest stable checkpoint known, as an anchor, and the checkpoints taken here that wait to be covered (dqbft.md 5). */
export class Anchors {
  readonly #port: Port;
  readonly #hash: Hash;
  readonly #openings = new Map<SequenceNumber, Opening>();
  #newest: Anchor | null = null;
  /** The last coverage given out. */
  #given: Coverage | null = null;
  /** Something has come that may be covered, or cover: asked for after every event. */
  #news = false;

  constructor(port: Port, hash: Hash) {
    this.#port = port;
    this.#hash = hash;
  }

  get newest(): Anchor | null {
    return this.#newest;
  }

  /** Slot of the newest stable checkpoint known, 0 before the first. */
  get stable(): SequenceNumber {
    return this.#newest?.seq ?? 0;
  }

  /** A checkpoint was taken here, and perhaps proven before. */
  onTaken(seq: SequenceNumber, opening: Opening, proof: CheckpointProof | null): void {
    this.#openings.set(seq, opening);
    this.#news = true;
    if (proof !== null) this.onProof(proof);
  }

  /** Proves a checkpoint. If we took it, it becomes an anchor. */
  onProof(proof: CheckpointProof): void {
    const opening = this.#openings.get(proof.seq);
    if (opening !== undefined && proof.seq > this.stable) this.#adopt(new Anchor({ proof, ...opening }));
  }

  /** An anchor whose certificate holds. Whether it opens: else whoever sent it lied. */
  onAnchor(anchor: Anchor): boolean {
    if (openAnchor(anchor, this.#hash) === null) return false;
    if (anchor.seq > this.stable) this.#adopt(anchor);
    return true;
  }

  /** From our own log. */
  recover(anchor: Anchor): void {
    if (anchor.seq <= this.stable) return;
    this.#newest = anchor;
    this.#news = true;
  }

  /** What has come to be covered since it was last asked, or by a newer anchor than then; else null. */
  takeCoverage(): Coverage | null {
    const anchor = this.#newest;
    if (anchor === null || !this.#news) return null;
    this.#news = false;
    let newest: SequenceNumber = 0;
    for (const seq of this.#openings.keys()) if (seq <= anchor.seq) newest = Math.max(newest, seq);
    for (const seq of this.#openings.keys()) if (seq < newest) this.#openings.delete(seq);
    const opening = this.#openings.get(newest);
    if (opening === undefined) return null;
    if (this.#given?.seq === newest && this.#given.anchor === anchor) return null;
    this.#given = { seq: newest, part: opening.part, anchor };
    return this.#given;
  }

  #adopt(anchor: Anchor): void {
    this.#newest = anchor;
    this.#news = true;
    this.#port.note(0, anchor);
  }
}
