import type { Effect, Job, JobResult } from "@destiny/core/effects/effects";
import { type Claim, isTrusted, schemeOf, statementOf } from "@destiny/core/wire/claim";
import type { Preamble } from "@destiny/core/wire/statement";
import type { CertificateScheme, ShareSigner } from "@destiny/crypto/certificates/scheme";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { CertifyRequest } from "@destiny/crypto/trusted/request";
import { requestOfClaim } from "@destiny/crypto/trusted/request-of-claim";
import type { TrustedSubsystem } from "@destiny/crypto/trusted/subsystem";
import type { HostRecorder } from "./types.ts";

export interface JobRunnerOptions {
  readonly preamble: Preamble;
  readonly tau: CertificateScheme;
  readonly pi: CertificateScheme;
  /** Makes the host's own shares, those of scheme pi. */
  readonly shareSigner: ShareSigner;
  readonly subsystem: TrustedSubsystem;
  readonly recorder: HostRecorder;
  readonly complete: (job: Job, result: JobResult) => void;
  /** A job could not be carried out for a reason of this machine: the replica must stop. */
  readonly failed: (error: Error) => void;
}

const NOTHING: Uint8Array = new Uint8Array(0);

/** Carries out the core's jobs off the event loop. Jobs asked for in one tick go out together. */
export class JobRunner {
  readonly #options: JobRunnerOptions;
  #slots: { readonly job: Job; readonly request: CertifyRequest }[] = [];
  #shares: { readonly job: Job; readonly statement: Uint8Array }[] = [];
  #scheduled = false;

  constructor(options: JobRunnerOptions) {
    this.#options = options;
  }

  certify({ job, claim }: Effect & { type: "certify" }): void {
    if (isTrusted(claim)) {
      this.#slots.push({ job, request: requestOfClaim(claim) });
    } else this.#shares.push({ job, statement: this.#statement(claim) });
    this.#schedule();
  }

  combine({ job, claim, shares }: Effect & { type: "combine" }): void {
    const scheme = this.#options[schemeOf(claim)];
    const start = performance.now();
    this.#watch(
      scheme.combine(this.#statement(claim), shares).then((combined) => {
        this.#options.recorder.combined((performance.now() - start) / 1_000);
        const { certificate: aggregate = null, culprits = [] } = combined;
        this.#options.complete(job, { type: "combined", aggregate, culprits });
      }),
    );
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
      if (shares.length > 0) this.#watch(this.#certifyShares(shares));
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

  async #certifyShares(shares: readonly { job: Job; statement: Uint8Array }[]): Promise<void> {
    const start = performance.now();
    const made = await this.#options.shareSigner.sign(shares.map(({ statement }) => statement));
    this.#options.recorder.certified(shares.length, (performance.now() - start) / 1_000);
    for (const [index, { job }] of shares.entries()) {
      this.#options.complete(job, { type: "certified", share: made[index] ?? NOTHING, certificate: NOTHING });
    }
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
