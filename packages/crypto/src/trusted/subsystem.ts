import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Preamble } from "@destiny/core/wire/statement";
import type { CertifyOutcome, CertifyRequest } from "./request.ts";

/** T0: inside the host's process, for tests and simulation. T1: in a process of its own. */
export type TrustTier = "T0" | "T1";

/** Who a trusted subsystem says it is. */
export interface SubsystemDescription {
  readonly tier: TrustTier;
  readonly preamble: Preamble;
  readonly replica: ReplicaId;
  /** Drawn anew for every key: replica and boot epoch together are the identity (hybster.md 10.1). */
  readonly bootEpoch: number;
  /** It certifies for the instances 0 to `instances` − 1. */
  readonly instances: number;
  /** Ed25519 public key of the individual certificates, 32 bytes. */
  readonly identityKey: Uint8Array;
  /** Public key of the shares, in the encoding of the certificate scheme. */
  readonly shareKey: Uint8Array;
  /** Proof that it has the secret of that key, where shares are added up; else empty. */
  readonly shareProof: Uint8Array;
}

/** A signed description: it proves that whoever holds the identity key saw the nonce. */
export interface Attestation {
  readonly description: SubsystemDescription;
  /** Ed25519, over `attestationStatement`. */
  readonly signature: Uint8Array;
}

/** Longest nonce of an attestation, in bytes. */
export const NONCE_BYTES_MAX = 64;

/** The host's side of a trusted subsystem (ThreshSign, linear-hybster.md 1), whatever protects it. */
export interface TrustedSubsystem {
  readonly tier: TrustTier;
  readonly description: SubsystemDescription;
  /**
   * Certifies in order, and answers once all of it is durable. Rejects with {@link SignerUnavailable} if the subsystem
   * is gone, in which case any of the requests may have been carried out: ask again after a restart, word for word.
   */
  certify(requests: readonly CertifyRequest[]): Promise<readonly CertifyOutcome[]>;
  /** The subsystem's description, signed together with a nonce of at most {@link NONCE_BYTES_MAX} bytes. */
  attest(nonce: Uint8Array): Promise<Attestation>;
  close(): Promise<void>;
}

/** The trusted subsystem cannot be reached, stopped, or spoke nonsense. The host cannot vote until it is back. */
export class SignerUnavailable extends Error {
  override readonly name = "SignerUnavailable";
}
