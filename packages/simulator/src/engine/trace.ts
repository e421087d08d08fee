import type { Digest } from "@destiny/core/kernel/ids";

/**
 * A running hash over all that happens: two runs with the same hash did the same, on whatever machine. 64 bits, two lanes
 * of FNV-1a over 32-bit words with different primes: made to tell runs apart, not to withstand anybody.
 */
export class Trace {
  #low = 0x811c_9dc5 | 0;
  #high = 0x9747_b28c | 0;

  /** The hash so far, as 16 hexadecimal digits. */
  get hash(): string {
    return hex(this.#high) + hex(this.#low);
  }

  /** Whole numbers of up to 53 bits. */
  note(...numbers: number[]): void {
    for (const number of numbers) {
      this.#word(number | 0);
      if (number > 0x7fff_ffff) this.#word(Math.floor(number / 0x1_0000_0000));
    }
  }

  /** The same of three words, cheaply: for what happens millions of times. */
  mix(a: number, b: number, c: number): void {
    this.#word(a | 0);
    this.#word(b | 0);
    this.#word(c | 0);
  }

  digest(digest: Digest): void {
    for (let i = 0; i + 1 < digest.length; i += 2) {
      this.#word((digest.charCodeAt(i) << 16) ^ digest.charCodeAt(i + 1));
    }
  }

  #word(word: number): void {
    this.#low = Math.imul(this.#low ^ word, 0x0100_0193);
    this.#high = Math.imul(this.#high ^ word ^ (this.#low >>> 15), 0x85eb_ca6b);
  }
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, "0");
}
