import { attest } from "./attestation.ts";
import type { IdentitySigner } from "./identity-signer.ts";
import type { CertifyOutcome, CertifyRequest } from "./request.ts";
import type { Attestation, SubsystemDescription, TrustedSubsystem } from "./subsystem.ts";
import type { ThreshSign } from "./threshsign.ts";

/**
 * Tier T0: the state machine in the host's own process, without a journal. For tests and simulations: it forgets its
 * counters with the process, and the host can read its keys. A simulator calls `ThreshSign.certify` directly.
 */
export function inProcessSigner(
  machine: ThreshSign,
  description: Omit<SubsystemDescription, "tier">,
  identity: IdentitySigner,
): TrustedSubsystem {
  return new InProcessSigner(machine, { ...description, tier: "T0" }, identity);
}

class InProcessSigner implements TrustedSubsystem {
  readonly tier = "T0";
  readonly description: SubsystemDescription;
  readonly #machine: ThreshSign;
  readonly #identity: IdentitySigner;

  constructor(machine: ThreshSign, description: SubsystemDescription, identity: IdentitySigner) {
    this.#machine = machine;
    this.description = description;
    this.#identity = identity;
  }

  async certify(requests: readonly CertifyRequest[]): Promise<readonly CertifyOutcome[]> {
    return this.#machine.signAll(requests.map((request) => this.#machine.step(request)));
  }

  async attest(nonce: Uint8Array): Promise<Attestation> {
    return attest(this.description, nonce, this.#identity);
  }

  async close(): Promise<void> {}
}
