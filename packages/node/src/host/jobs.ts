import type { Effect, Job, JobResult } from "@destiny/core/effects/effects";
import { present } from "@destiny/core/kernel/invariant";
import {
  type Claim,
  type HostClaim,
  isTrusted,
  type RequestClaim,
  schemeOf,
  statementOf,
} from "@destiny/core/wire/claim";
import type { Preamble } from "@destiny/core/wire/statement";
import type { CertificateScheme, ShareSigner } from "@destiny/crypto/certificates/scheme";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Ed25519Key } from "@destiny/crypto/signatures/ed25519";
import type { CertifyRequest } from "@destiny/crypto/trusted/request";
import { requestOfClaim } from "@destiny/crypto/trusted/request-of-claim";
import type { TrustedSubsystem } from "@destiny/crypto/trusted/subsystem";
import type { KeyTables } from "./key-tables.ts";
import type { HostRecorder } from "./types.ts";

export interface JobRunnerOptions {
  readonly preamble: Preamble;
  readonly keys: KeyTables;
  readonly pi: CertificateScheme;
  /** Absent if the protocol has no fast path. */
  readonly sigma?: CertificateScheme | undefined;
  /** Makes the host's own shares of scheme pi. */
  readonly shareSigner: ShareSigner;
  /** And those of scheme sigma. */
  readonly fastSigner?: ShareSigner | undefined;
  /** The host's own key, by which the replica is a client of its cluster; absent where it never has to be. */
  readonly hostKey?: Pick<Ed25519Key, "sign"> | undefined;
  readonly subsystem: TrustedSubsystem;
  readonly recorder: HostRecorder;
  readonly complete: (job: Job, result: JobResult) => void;
  /** A job could not be carried out for a reason of this machine: the replica must stop. */
  readonly failed: (error: Error) => void;
}

/** A share that the host itself makes. */
interface HostShare {
  readonly job: Job;
  readonly signer: ShareSigner;
  readonly statement: Uint8Array;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** Carries out the core's jobs off the event loop. Jobs asked for in one tick go out together. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  #slots: { readonly job: Job; readonly request: CertifyRequest }[] = [];
  #shares: HostShare[] = [];
  #scheduled = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  certify({ job, claim }: Effect & { type: "certify" }): void {
    if (claim.type === "request") return this.#signRequest(job, claim);
    if (isTrusted(claim)) {
      this.#slots.push({ job, request: requestOfClaim(claim) });
    } else this.#shares.push({ job, signer: this.#signerOf(claim), statement: this.#statement(claim) });
    this.#schedule();
  }

  combine({ job, claim, shares }: Effect & { type: "combine" }): void {
    const scheme = this.#schemeFor(claim);
    const start = performance.now();
    this.#watch(
      scheme.combine(this.#statement(claim), shares).then((combined) => {
        this.#options.recorder.combined((performance.now() - start) / 1_000);
        const { certificate: aggregate = null, culprits = [] } = combined;
        this.#options.complete(job, { type: "combined", aggregate, culprits });
      }),
    );
  }

  #schemeFor(claim: Claim): CertificateScheme {
    const scheme = schemeOf(claim);
    if (scheme === "tau") return this.#options.keys.tauOf(claim);
    return present(this.#options[scheme], "a scheme that the protocol asks for");
  }

  /** It happens after a loss, now and then: nothing to gather. */
  #signRequest(job: Job, claim: RequestClaim): void {
    const certificate = present(this.#options.hostKey, "a host key").sign(this.#statement(claim));
    queueMicrotask(() => this.#options.complete(job, { type: "certified", share: NOTHING, certificate }));
  }

  #schedule(): void {
    if (this.#scheduled) return;
    this.#scheduled = true;
    queueMicrotask(() => {
      this.#scheduled = false;
      const slots = this.#slots;
      const shares = this.#shares;
      this.#slots = [];
      this.#shares = [];
      if (slots.length > 0) this.#watch(this.#certifySlots(slots));
      for (const signer of new Set(shares.map((share) => share.signer))) {
        const own = shares.filter((share) => share.signer === signer);
        this.#watch(this.#certifyShares(signer, own));
      }
    });
  }

  /** One lane, in order: the trusted counters force it. */
  async #certifySlots(slots: readonly { job: Job; request: CertifyRequest }[]): Promise<void> {
    const start = performance.now();
    const outcomes = await this.#options.subsystem.certify(slots.map(({ request }) => request));
    this.#options.recorder.certified(slots.length, (performance.now() - start) / 1_000);
    for (const [index, { job }] of slots.entries()) {
      const outcome = outcomes[index];
      if (outcome?.ok === true) {
        const { share = NOTHING, certificate, old } = outcome;
        const result = { type: "certified", share, certificate, ...(old !== undefined && { old }) } as const;
        this.#options.complete(job, result);
      } else this.#options.complete(job, { type: "refused" });
    }
  }

  async #certifyShares(signer: ShareSigner, shares: readonly HostShare[]): Promise<void> {
    const start = performance.now();
    const made = await signer.sign(shares.map(({ statement }) => statement));
    this.#options.recorder.certified(shares.length, (performance.now() - start) / 1_000);
    for (const [index, { job }] of shares.entries()) {
      this.#options.complete(job, { type: "certified", share: made[index] ?? NOTHING, certificate: NOTHING });
    }
  }

  #signerOf(claim: HostClaim): ShareSigner {
    const { shareSigner, fastSigner } = this.#options;
    return claim.type === "fast" ? present(fastSigner, "a key of the fast path") : shareSigner;
  }

  #statement(claim: Claim): Uint8Array {
    return statementOf(claim, this.#options.preamble, digestOf);
  }

  #watch(work: Promise<void>): void {
    work.catch((error: unknown) => {
      this.#options.failed(error instanceof Error ? error : new Error(String(error)));
    });
  }
}
