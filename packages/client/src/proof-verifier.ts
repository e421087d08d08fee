import type { Digest, SequenceNumber } from "@destiny/core/kernel/ids";
import { executionStatement, type Preamble } from "@destiny/core/wire/statement";
import type { CertificateScheme } from "@destiny/crypto/certificates/scheme";

/** Proven statements that are remembered, the oldest dropped first: 200 bytes each. */
const PROVEN_MAX = 4096;

/**
 * Looks at certificates of execution, at each statement once: all requests of an entry share one, and so may all clients
 * of a process share one verifier.
 */
export class ProofVerifier {
  readonly #scheme: CertificateScheme;
  readonly #preamble: Preamble;
  readonly #proven = new Map<string, Uint8Array>();
  readonly #underWay = new Map<string, Promise<boolean>>();

  constructor(scheme: CertificateScheme, preamble: Preamble) {
    this.#scheme = scheme;
    this.#preamble = preamble;
  }

  /**
   * A certificate that proves the results of an entry: the given one if it holds, or one that was seen before, since a
   * statement once proven stays so. Null if there is none.
   */
  async prove(
    at: { readonly seq: SequenceNumber; readonly entry: number },
    root: Digest,
    aggregate: Uint8Array,
  ): Promise<Uint8Array | null> {
    const statement = executionStatement(this.#preamble, at, root);
    const name = nameOf(statement);
    const known = this.#proven.get(name);
    if (known !== undefined) return known;
    if (await this.#verify(`${name}${nameOf(aggregate)}`, statement, aggregate)) {
      this.#remember(name, aggregate);
      return aggregate;
    }
    return this.#proven.get(name) ?? null;
  }

  /** One look for all who ask about the same at the same time. */
  #verify(name: string, statement: Uint8Array, certificate: Uint8Array): Promise<boolean> {
    const asked = this.#underWay.get(name);
    if (asked !== undefined) return asked;
    const answer = this.#look(name, { statement, certificate });
    this.#underWay.set(name, answer);
    return answer;
  }

  async #look(name: string, claim: { statement: Uint8Array; certificate: Uint8Array }): Promise<boolean> {
    try {
      const [holds] = await this.#scheme.verify([claim]);
      return holds === true;
    } finally {
      this.#underWay.delete(name);
    }
  }

  #remember(name: string, aggregate: Uint8Array): void {
    const [oldest] = this.#proven.keys();
    if (this.#proven.size >= PROVEN_MAX && oldest !== undefined) this.#proven.delete(oldest);
    this.#proven.set(name, aggregate);
  }
}

function nameOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("latin1");
}
