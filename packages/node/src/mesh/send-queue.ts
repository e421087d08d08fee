import { present } from "@destiny/core/kernel/invariant";
import { HEADER_BYTES } from "@destiny/core/wire/frame-parser";

/**
 * Smaller frames are copied together, since a write costs more than a copy; larger ones are written as they
 * are.
 */
const COPY_BELOW_BYTES = 16_384;
/**
 * What a waiting frame costs beside its bytes, about: without it, tiny frames would cost many times the
 * bound.
 */
export const FRAME_COST_BYTES = 128;
/** Slots of frames that are gone are given back once there are so many of them. */
const COMPACT_AT = 1024;

/**
 * Frames that wait to be written to one peer, in order, bounded in bytes of memory: their own, their headers'
 * and {@link FRAME_COST_BYTES} each. Frames are held, not copied.
 */
export class SendQueue {
  readonly #bytesMax: number;
  readonly #frames: (Uint8Array | undefined)[] = [];
  /** Index of the first frame that is not wholly taken. */
  #first = 0;
  /** Bytes taken of the first frame, its header counted: 0, or at least the header's. */
  #taken = 0;
  #bytes = 0;

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax;
  }

  /** Bytes of the stream that wait, headers included. */
  get bytes(): number {
    return this.#bytes;
  }

  /** Frames that wait, one that was taken in part included. */
  get length(): number {
    return this.#frames.length - this.#first;
  }

  /** False, and nothing is queued, if the frame would lift the queue above its bound. */
  push(frame: Uint8Array): boolean {
    const bytes = HEADER_BYTES + frame.length;
    const cost = this.#bytes + bytes + (this.length + 1) * FRAME_COST_BYTES;
    if (cost > this.#bytesMax) return false;
    this.#frames.push(frame);
    this.#bytes += bytes;
    return true;
  }

  /**
   * Takes the next pieces of the stream out, `bytesMax` (at least 32 KiB) in all or fewer; none only if it is
   * empty.
   */
  take(bytesMax: number): Uint8Array[] {
    const pieces: Uint8Array[] = [];
    let budget = bytesMax;
    while (this.length > 0 && budget > 0) {
      const piece = this.#taken > 0 ? this.#takePart(budget) : this.#takeRun(budget);
      if (piece.length === 0) break;
      pieces.push(piece);
      budget -= piece.length;
      this.#bytes -= piece.length;
    }
    this.#compact();
    return pieces;
  }

  /** Forgets all that waits. */
  clear(): void {
    this.#frames.length = 0;
    this.#first = 0;
    this.#taken = 0;
    this.#bytes = 0;
  }

  /** The rest of a large frame, or as much of it as the budget allows. */
  #takePart(budget: number): Uint8Array {
    const frame = this.#frameAt(this.#first);
    const start = this.#taken - HEADER_BYTES;
    const end = Math.min(frame.length, start + budget);
    if (end === frame.length) this.#drop();
    else this.#taken = HEADER_BYTES + end;
    return frame.subarray(start, end);
  }

  /** The small frames at the head, copied together, with the header of the large one that follows them. */
  #takeRun(budget: number): Uint8Array {
    const run = new Uint8Array(this.#runBytes(budget));
    const view = new DataView(run.buffer);
    let at = 0;
    while (at < run.length) {
      const frame = this.#frameAt(this.#first);
      view.setUint32(at, frame.length, true);
      at += HEADER_BYTES;
      if (frame.length >= COPY_BELOW_BYTES) {
        this.#taken = HEADER_BYTES;
        break;
      }
      run.set(frame, at);
      at += frame.length;
      this.#drop();
    }
    return run;
  }

  #runBytes(budget: number): number {
    let bytes = 0;
    for (let i = this.#first; i < this.#frames.length; i += 1) {
      const { length } = this.#frameAt(i);
      const large = length >= COPY_BELOW_BYTES;
      const next = bytes + HEADER_BYTES + (large ? 0 : length);
      if (next > budget) break;
      bytes = next;
      if (large) break;
    }
    return bytes;
  }

  #frameAt(index: number): Uint8Array {
    return present(this.#frames[index], "frames from the first on are there");
  }

  #drop(): void {
    this.#frames[this.#first] = undefined;
    this.#first += 1;
    this.#taken = 0;
  }

  #compact(): void {
    if (this.length > 0 && this.#first < COMPACT_AT) return;
    this.#frames.splice(0, this.#first);
    this.#first = 0;
  }
}
