import type { Digest, ReplicaId } from "../kernel/ids.ts";
import type { Claim } from "./claim.ts";
import type { SubsystemIdentity } from "./subsystem-identity.ts";

/**
 * What must hold for a message to be authentic beyond its channel. The edge carries the checks out, off the event loop,
 * before the message reaches the core.
 */
export type Check = IdentityCheck | CertificateCheck | ShareCheck | ClientCheck | AdmissionCheck | LaterCheck;

/** An individual certificate of one replica's trusted subsystem over a claim. */
export interface IdentityCheck {
  readonly type: "identity";
  readonly signer: ReplicaId;
  readonly claim: Claim;
  readonly certificate: Uint8Array;
}

/** An aggregate over a claim. */
export interface CertificateCheck {
  readonly type: "certificate";
  readonly claim: Claim;
  readonly aggregate: Uint8Array;
}

/** One replica's share over a claim, where it is shown on its own. */
export interface ShareCheck {
  readonly type: "share";
  readonly signer: ReplicaId;
  readonly claim: Claim;
  readonly share: Uint8Array;
}

/**
 * A client's signature. It never makes the message invalid: the answer is noted in `subject`, for the gate to refuse and
 * for execution to skip (dqbft.md H8, H32).
 */
export interface ClientCheck {
  readonly type: "client";
  readonly client: Digest;
  readonly statement: ClientStatement;
  readonly signature: Uint8Array;
  readonly subject: Authenticity;
}

/** What a new trusted subsystem says of itself: like a client's signature, the answer is noted (hybster.md 10.1). */
export interface AdmissionCheck {
  readonly type: "admission";
  readonly replica: ReplicaId;
  readonly subsystem: SubsystemIdentity;
  readonly subject: Authenticity;
}

/** The message is of a configuration that is not known here, so nothing can be said of it yet (dqbft.md H32). */
export interface LaterCheck {
  readonly type: "later";
}

/** The checks of such a message. */
export const LATER: readonly Check[] = [{ type: "later" }];

/** Whether a message is one: it is dropped, which nobody is blamed for, and will come again. */
export function isLater(checks: readonly Check[]): boolean {
  return checks.some(({ type }) => type === "later");
}

/** What a client signed: a request by its digest, or a wish for another coordinator. */
export type ClientStatement =
  | { readonly type: "request"; readonly digest: Digest }
  | { readonly type: "assign"; readonly coordinator: ReplicaId; readonly nonce: number };

/** Whether a client's signature was found valid; null while nobody looked. */
export interface Authenticity {
  valid: boolean | null;
}
