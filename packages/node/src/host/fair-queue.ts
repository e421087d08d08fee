import type { ReplicaId } from "@destiny/core/kernel/ids";

/** What waits, of one peer. */
interface Line {
  readonly frames: Uint8Array[];
  /** Index of the first that waits: what is before it is gone. */
  head: number;
  /** What its frames have cost so far, brought up to the others' when it had nothing to do. */
  spent: number;
}

/** Frames taken before the array is made anew. */
const COMPACT_FRAMES = 1_024;

/**
 * Frames of several peers, each served as much as the others as long as it has any: who sends more waits longer itself, and keeps
 * nobody else waiting. Costs are in any unit. What waits is not bounded here.
 */
export class FairQueue {
  readonly #lines = new Map<ReplicaId, Line>();
  /** What the last that was served had spent before: who comes back starts there, and has saved nothing. */
  #now = 0;

  push(from: ReplicaId, frame: Uint8Array): void {
    let line = this.#lines.get(from);
    if (line === undefined) {
      line = { frames: [], head: 0, spent: 0 };
      this.#lines.set(from, line);
    }
    if (line.head === line.frames.length) line.spent = Math.max(line.spent, this.#now);
    line.frames.push(frame);
  }

  /** The first frame of whoever was served least, among those who may be; null if none of them has any. */
  take(may: (peer: ReplicaId) => boolean): { readonly from: ReplicaId; readonly frame: Uint8Array } | null {
    let least: { readonly from: ReplicaId; readonly line: Line } | null = null;
    for (const [from, line] of this.#lines) {
      if (line.head === line.frames.length || (least !== null && line.spent >= least.line.spent)) continue;
      if (may(from)) least = { from, line };
    }
    if (least === null) return null;
    const { from, line } = least;
    this.#now = line.spent;
    const frame = line.frames[line.head];
    line.head += 1;
    if (line.head === line.frames.length || line.head > COMPACT_FRAMES) {
      line.frames.splice(0, line.head);
      line.head = 0;
    }
    return frame === undefined ? null : { from, frame };
  }

  /** What was taken of this peer has cost so much. */
  charge(from: ReplicaId, cost: number): void {
    const line = this.#lines.get(from);
    if (line !== undefined) line.spent += cost;
  }
}
