import { present } from "@destiny/core/kernel/invariant";
import type {
  AdmissionCheck,
  CertificateCheck,
  Check,
  ClientCheck,
  IdentityCheck,
  ShareCheck,
} from "@destiny/core/wire/check";
import { type Claim, schemeOf, statementOf } from "@destiny/core/wire/claim";
import { fromDigest } from "@destiny/core/wire/reader";
import {
  assignStatement,
  identityStatement,
  type Preamble,
  requestStatement,
} from "@destiny/core/wire/statement";
import type { CertificateScheme } from "@destiny/crypto/certificates/scheme";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { SignatureVerifier } from "@destiny/crypto/signatures/verifier";
import type { KeyTables, TrustedIdentity } from "./key-tables.ts";
import { VerifiedCache } from "./verified-cache.ts";

/** Answers remembered: some seconds' worth of clients' signatures, so that repeating a batch costs nobody anything. */
const CACHE_MAX = 16_384;

/** Clients' signatures of one message that are under way at a time, 10 ms of work: others' come in between. */
const CLIENTS_MAX = 256;

export interface VerifierOptions {
  readonly preamble: Preamble;
  /** Of trusted subsystems: commit certificates and individual ones. */
  readonly keys: KeyTables;
  /** Proofs of execution and of checkpoints. */
  readonly pi: CertificateScheme;
  /** Certificates of the fast path; absent if the protocol has none. */
  readonly sigma?: CertificateScheme | undefined;
  readonly signatures: SignatureVerifier;
  /** Whether a new trusted subsystem is what it says of itself; absent where none can be admitted. */
  readonly admission?: ((check: AdmissionCheck) => Promise<boolean>) | undefined;
}

/** Carries out the checks that the core names, off the event loop and in batches (architecture: ingress). */
export class Verifier {
  readonly #options: VerifierOptions;
  readonly #cache: VerifiedCache = new VerifiedCache(CACHE_MAX);

  constructor(options: VerifierOptions) {
    this.#options = options;
  }

  /**
   * Whether the message is authentic. Clients' signatures do not count: their answer is noted in what they are about. They
   * come last, for there may be thousands of them, and only under a good certificate is somebody to blame for that.
   */
  async authentic(checks: readonly Check[]): Promise<boolean> {
    const own = checks.filter(({ type }) => type !== "client" && type !== "admission");
    const answers = await Promise.all(own.map((check) => this.#carryOut(check)));
    if (!answers.every((good) => good)) return false;
    await this.clientsOnly(checks);
    return true;
  }

  /** Our own log needs no check of certificates, but execution must know about what clients and new subsystems sign. */
  async clientsOnly(checks: readonly Check[]): Promise<void> {
    const unknown = checks.filter((check) => "subject" in check && check.subject.valid === null);
    for (let first = 0; first < unknown.length; first += CLIENTS_MAX) {
      await Promise.all(unknown.slice(first, first + CLIENTS_MAX).map((check) => this.#carryOut(check)));
    }
  }

  #carryOut(check: Check): Promise<boolean> {
    switch (check.type) {
      case "identity":
        return this.#identity(check);
      case "certificate":
        return this.#certificate(check);
      case "share":
        return this.#share(check);
      case "client":
        return this.#client(check);
      case "admission":
        return this.#admission(check);
      case "later":
        return Promise.resolve(false);
    }
  }

  #identity(check: IdentityCheck): Promise<boolean> {
    const [identity, ...others] = this.#options.keys.identitiesOf(check.signer, check.claim);
    if (identity === undefined) return Promise.resolve(false);
    return others.length === 0 ? this.#isBy(identity, check) : this.#isByAny([identity, ...others], check);
  }

  async #isByAny(identities: readonly TrustedIdentity[], check: IdentityCheck): Promise<boolean> {
    for (const identity of identities) if (await this.#isBy(identity, check)) return true;
    return false;
  }

  #isBy({ bootEpoch, publicKey }: TrustedIdentity, check: IdentityCheck): Promise<boolean> {
    const { preamble, signatures } = this.#options;
    const claim = statementOf(check.claim, preamble, digestOf);
    const message = identityStatement(preamble, { replica: check.signer, bootEpoch }, claim);
    const signature = check.certificate;
    return this.#cache.answer(message, signature, async () => {
      const [good] = await signatures.verifyMany([{ publicKey, message, signature }]);
      return good === true;
    });
  }

  #certificate(check: CertificateCheck): Promise<boolean> {
    const statement = statementOf(check.claim, this.#options.preamble, digestOf);
    return this.#cache.answer(statement, check.aggregate, async () => {
      const [good] = await this.#scheme(check.claim).verify([{ statement, certificate: check.aggregate }]);
      return good === true;
    });
  }

  #share({ claim, signer, share }: ShareCheck): Promise<boolean> {
    const statement = statementOf(claim, this.#options.preamble, digestOf);
    return this.#scheme(claim).verifyShare(statement, signer, share);
  }

  #scheme(claim: Claim): CertificateScheme {
    const scheme = schemeOf(claim);
    if (scheme === "tau") return this.#options.keys.tauOf(claim);
    return present(this.#options[scheme], "a scheme that the protocol asks for");
  }

  async #admission(check: AdmissionCheck): Promise<boolean> {
    check.subject.valid ??= (await this.#options.admission?.(check)) ?? false;
    return true;
  }

  async #client(check: ClientCheck): Promise<boolean> {
    if (check.subject.valid !== null) return true;
    const { preamble, signatures } = this.#options;
    const { statement, signature } = check;
    const message =
      statement.type === "request"
        ? requestStatement(preamble, statement.digest)
        : assignStatement(preamble, statement.coordinator, statement.nonce);
    const publicKey = fromDigest(check.client);
    // The key is part of what is remembered: the statement does not name it.
    const proof = new Uint8Array([...publicKey, ...signature]);
    check.subject.valid = await this.#cache.answer(message, proof, async () => {
      const [good] = await signatures.verifyMany([{ publicKey, message, signature }]);
      return good === true;
    });
    return true;
  }
}
