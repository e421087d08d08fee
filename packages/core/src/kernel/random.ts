/** A seeded generator (xorshift128): one seed, one sequence, on every machine. Never for secrets. */
export class Random {
  readonly #state: Uint32Array = new Uint32Array(4);

  constructor(seed: number) {
    let x = seed >>> 0;
    for (let i = 0; i < 4; i += 1) {
      // splitmix32: neighbouring seeds give unrelated states, and never the state of all zeroes.
      x = (x + 0x9e37_79b9) >>> 0;
      let z = x;
      z = Math.imul(z ^ (z >>> 16), 0x21f0_aaad);
      z = Math.imul(z ^ (z >>> 15), 0x735a_2d97);
      this.#state[i] = (z ^ (z >>> 15)) >>> 0;
    }
  }

  /** A 32-bit number. */
  next(): number {
    const state = this.#state;
    const a = state[0] as number;
    let t = state[3] as number;
    // One by one, for a simulation draws millions: `copyWithin` is a call.
    state[3] = state[2] as number;
    state[2] = state[1] as number;
    state[1] = a;
    t ^= t << 11;
    t ^= t >>> 8;
    const result = (t ^ a ^ (a >>> 19)) >>> 0;
    state[0] = result;
    return result;
  }

  /** A whole number from 0 to `bound` − 1. The bias is below 2^-32 × bound. */
  below(bound: number): number {
    return Math.floor((this.next() / 0x1_0000_0000) * bound);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.next() < probability * 0x1_0000_0000;
  }

  /** A generator of its own for one concern, so that using one does not shift the others. */
  fork(concern: number): Random {
    return new Random((this.next() ^ Math.imul(concern + 1, 0x85eb_ca6b)) >>> 0);
  }
}
