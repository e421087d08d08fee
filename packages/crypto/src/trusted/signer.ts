import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { openBls } from "../bls/open.ts";
import { openShareSigner, possessionProofOf, shareKeyOf } from "../certificates/keys.ts";
import { attest } from "./attestation.ts";
import { type IdentitySigner, openIdentity } from "./identity-signer.ts";
import { Journal } from "./journal.ts";
import type { CertifyOutcome, CertifyRequest } from "./request.ts";
import type { ServedSigner } from "./server.ts";
import { SigningService } from "./service.ts";
import { journalOwner, readSignerKey, type SignerKey } from "./signer-directory.ts";
import type { Attestation, SubsystemDescription } from "./subsystem.ts";
import { ThreshSign } from "./threshsign.ts";

/** How a signer reports. */
export interface SignerOptions {
  readonly log: (line: string) => void;
  /** The disk or a key failed: nothing will be signed any more, and the process must end. */
  readonly onFailure: (cause: unknown) => void;
}

/** A signer with the keys and the journal of its directory: all of tier T1 but the socket. */
export class Signer implements ServedSigner {
  readonly description: SubsystemDescription;
  readonly #service: SigningService;
  readonly #identity: IdentitySigner;
  readonly #closeKeys: () => Promise<void>;

  private constructor(
    description: SubsystemDescription,
    service: SigningService,
    identity: IdentitySigner,
    closeKeys: () => Promise<void>,
  ) {
    this.description = description;
    this.#service = service;
    this.#identity = identity;
    this.#closeKeys = closeKeys;
  }

  /** Throws `ConfigurationError` if the key file or the journal is not as it must be. */
  static open(directory: string, options: SignerOptions): Signer {
    const key = readSignerKey(directory);
    const bls = openBls(options.log);
    const shares = openShareSigner(bls, key.scheme, key.shareSecret);
    const identity = openIdentity(key.identitySeed);
    const machine = new ThreshSign({ ...key, shares, identity });
    const journal = Journal.open({ directory, owner: journalOwner(key) }, machine);
    const shareKey = shareKeyOf(bls, key.scheme, key.shareSecret);
    if (shareKey === undefined)
      throw new ConfigurationError("the share secret is out of range: deal keys anew");
    const shareProof = possessionProofOf(bls, key.scheme, key.shareSecret);
    const description = describe(key, { identityKey: identity.publicKey, shareKey, shareProof });
    const service = new SigningService(machine, journal, options.onFailure);
    return new Signer(description, service, identity, () => bls.close());
  }

  certify(requests: readonly CertifyRequest[]): Promise<readonly CertifyOutcome[]> {
    return this.#service.certify(requests);
  }

  attest(nonce: Uint8Array): Attestation {
    return attest(this.description, nonce, this.#identity);
  }

  /** Finishes what waits, and closes the journal. */
  async close(): Promise<void> {
    await this.#service.close();
    await this.#closeKeys();
  }
}

function describe(
  key: SignerKey,
  keys: Pick<SubsystemDescription, "identityKey" | "shareKey" | "shareProof">,
): SubsystemDescription {
  const { preamble, replica, bootEpoch, instances } = key;
  return { tier: "T1", preamble, replica, bootEpoch, instances, ...keys };
}
