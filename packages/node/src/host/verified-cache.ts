import { digestOf } from "@destiny/crypto/hash/sha256";

/** Signatures looked at, or being looked at: a header comes as a proposal and again as evidence, a batch may come twice. */
export class VerifiedCache {
  readonly #sizeMax: number;
  /** Insertion order is age: the oldest goes first. */
  readonly #known = new Map<string, Promise<boolean>>();

  constructor(sizeMax: number) {
    this.#sizeMax = sizeMax;
  }

  /** The answer for these bytes: from memory, or from `verify`, asked once however many wait for it. */
  answer(statement: Uint8Array, proof: Uint8Array, verify: () => Promise<boolean>): Promise<boolean> {
    const key = digestOf(statement, proof);
    const found = this.#known.get(key);
    if (found !== undefined) return found;
    const answer = verify();
    this.#known.set(key, answer);
    if (this.#known.size > this.#sizeMax) {
      const oldest = this.#known.keys().next();
      if (oldest.done !== true) this.#known.delete(oldest.value);
    }
    return answer;
  }
}
