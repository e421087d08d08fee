import fc from "fast-check";
import { expect, test } from "vitest";
import { COUNTER_MAX } from "./ids.ts";
import { InvariantViolation } from "./invariant.ts";
import { SlotRing } from "./slot-ring.ts";

fc.configureGlobal({ seed: 1 });

interface Slot {
  readonly seq: number;
  readonly made: number;
}

/** A ring and its obvious twin, a map. */
class Pair {
  made = 0;
  low: number;
  readonly ring: SlotRing<Slot>;
  readonly twin = new Map<number, Slot>();

  constructor(window: number, start: number) {
    this.ring = new SlotRing<Slot>(window, (seq) => ({ seq, made: this.#next() }));
    this.low = start;
    this.ring.advance(start);
  }

  claim(seq: number): void {
    if (!this.ring.contains(seq)) {
      expect(() => this.ring.claim(seq)).toThrow(InvariantViolation);
      return;
    }
    const before = this.made;
    const slot = this.ring.claim(seq);
    expect(this.made - before).toBe(this.twin.has(seq) ? 0 : 1);
    if (this.twin.has(seq)) expect(slot).toBe(this.twin.get(seq));
    this.twin.set(seq, slot);
  }

  advance(low: number): void {
    this.ring.advance(low);
    this.low = Math.max(this.low, low);
    for (const seq of this.twin.keys()) if (seq <= this.low) this.twin.delete(seq);
  }

  check(window: number): void {
    expect([this.ring.low, this.ring.high]).toEqual([this.low, this.low + window]);
    for (let seq = Math.max(0, this.low - 2 * window); seq <= this.low + 2 * window + 2; seq += 1) {
      expect(this.ring.contains(seq)).toBe(seq > this.low && seq <= this.low + window);
      expect(this.ring.find(seq)).toBe(this.twin.get(seq));
    }
  }

  #next(): number {
    this.made += 1;
    return this.made;
  }
}

const step = fc.record({ advance: fc.boolean(), by: fc.integer({ min: -3, max: 70 }) });

test("holds what a map would hold, also far beyond 32 bits", () => {
  const start = fc.constantFrom(0, 1, 2 ** 31 - 5, 2 ** 32 - 5, COUNTER_MAX - 2000);
  const window = fc.constantFrom(1, 2, 7, 8, 9, 33, 64);
  fc.assert(
    fc.property(window, start, fc.array(step, { maxLength: 30 }), (size, from, steps) => {
      const pair = new Pair(size, from);
      for (const { advance, by } of steps) {
        if (advance) pair.advance(Math.max(0, pair.low + (by >> 2)));
        else pair.claim(Math.max(0, pair.low + by));
        pair.check(size);
      }
    }),
    { numRuns: 300 },
  );
});

test("every slot of a full window has its place", () => {
  for (const window of [1, 8, 100, 256]) {
    const pair = new Pair(window, 12_345);
    for (let seq = 12_345 + window; seq > 12_345; seq -= 1) pair.claim(seq);
    pair.check(window);
    pair.advance(12_345 + window / 2);
    pair.check(window);
  }
});

test("a window needs a slot", () => {
  expect(() => new SlotRing<Slot>(0, (seq) => ({ seq, made: 0 }))).toThrow(InvariantViolation);
});
