import type { Digest, InstanceId, SequenceNumber, View } from "../kernel/ids.ts";
import { present } from "../kernel/invariant.ts";
import {
  Counter,
  type CounterValue,
  checkpointStatement,
  continuingStatement,
  executionStatement,
  fastStatement,
  independentStatement,
  type Preamble,
  requestStatement,
  trustedMacStatement,
  voteStatement,
} from "./statement.ts";
import type { Hash } from "./value.ts";

/** What a share or a certificate speaks for; the driver turns it into signed bytes under the cluster's preamble. */
export type Claim = TrustedClaim | HostClaim;

/** What a replica's trusted subsystem certifies in its own name. */
export type TrustedClaim =
  | SlotClaim
  | UniqueClaim
  | SuccessionClaim
  | OpeningClaim
  | StatementClaim
  | VoteClaim;

/** What a replica's host signs. */
export type HostClaim = FastClaim | ExecutionClaim | CheckpointClaim | RequestClaim;

/** A message bound to one value of the instance's ordering counter: `T` of linear-hybster.md 1. */
export interface SlotClaim {
  readonly type: "slot";
  readonly instance: InstanceId;
  readonly value: CounterValue;
  /** Hashed inside the trusted subsystem. */
  readonly message: Uint8Array;
}

/**
 * The same without a share: nothing but the individual certificate, as TrInX has it (hybster.md 1). It costs no signature that
 * can be combined.
 */
export interface UniqueClaim {
  readonly type: "unique";
  readonly instance: InstanceId;
  readonly value: CounterValue;
  /** Hashed inside the trusted subsystem. */
  readonly message: Uint8Array;
}

/** A continuing certificate on the ordering counter: it reveals the value that the counter had before (hybster.md 1). */
export interface SuccessionClaim {
  readonly type: "succession";
  readonly instance: InstanceId;
  readonly value: CounterValue;
  /** The value before. Null in a claim to be certified: the subsystem says it. */
  readonly old: CounterValue | null;
  readonly message: Uint8Array;
}

/** An independent certificate on the counter of NewViews: one per view (hybster.md 6.4). */
export interface OpeningClaim {
  readonly type: "opening";
  readonly instance: InstanceId;
  readonly view: View;
  readonly message: Uint8Array;
}

/** A replica's signature, without a counter: authentic among replicas and transferable. */
export interface StatementClaim {
  readonly type: "statement";
  readonly instance: InstanceId;
  readonly message: Uint8Array;
}

/** A share of a quorum's certificate, without a counter: for protocols that rely on none (`tau` of sbft.md 1). */
export interface VoteClaim {
  readonly type: "vote";
  readonly instance: InstanceId;
  readonly message: Uint8Array;
}

/** A share of a certificate of all but c replicas (`sigma` of sbft.md 1). */
export interface FastClaim {
  readonly type: "fast";
  readonly instance: InstanceId;
  readonly message: Uint8Array;
}

/** Results of one ordered entry. */
export interface ExecutionClaim {
  readonly type: "execution";
  readonly seq: SequenceNumber;
  readonly entry: number;
  readonly root: Digest;
}

/** The replicated state after one slot of the global order. */
export interface CheckpointClaim {
  readonly type: "checkpoint";
  readonly seq: SequenceNumber;
  readonly root: Digest;
}

/** A request of the replica itself, which is a client of its cluster by its host key. */
export interface RequestClaim {
  readonly type: "request";
  readonly digest: Digest;
}

/** Which keys make and check a claim's shares: `tau` lives in the trusted subsystem, `pi` and `sigma` with the host. */
export type Scheme = "tau" | "pi" | "sigma";

/** What one value of an instance's trusted counter is spent on. */
export type CountedClaim = SlotClaim | UniqueClaim | SuccessionClaim | OpeningClaim;

/** Whether a counter moves: such claims are signed strictly in order. */
export function isCounted(claim: Claim): claim is CountedClaim {
  const { type } = claim;
  return type === "slot" || type === "unique" || type === "succession" || type === "opening";
}

/** The view whose configuration says which keys a claim is certified by; null if it names no view (hybster.md 10.1). */
export function viewNamedBy(claim: Claim): View | null {
  if (!isCounted(claim)) return null;
  return claim.type === "opening" ? claim.view : claim.value.view;
}

/** Whether the trusted subsystem signs it, and not the host. */
export function isTrusted(claim: Claim): claim is TrustedClaim {
  const { type } = claim;
  return type !== "execution" && type !== "checkpoint" && type !== "fast" && type !== "request";
}

export function schemeOf(claim: Claim): Scheme {
  if (isTrusted(claim)) return "tau";
  return claim.type === "fast" ? "sigma" : "pi";
}

/** The bytes that shares and certificates for the claim sign. */
export function statementOf(claim: Claim, preamble: Preamble, hash: Hash): Uint8Array {
  switch (claim.type) {
    case "slot":
    case "unique": {
      const at = { instance: claim.instance, counter: Counter.Order, value: claim.value };
      return independentStatement(preamble, at, hash(claim.message));
    }
    case "succession": {
      const old = present(claim.old, "a certificate to be checked names the old value");
      const at = { instance: claim.instance, counter: Counter.Order, value: claim.value, old };
      return continuingStatement(preamble, at, hash(claim.message));
    }
    case "opening": {
      const value = { view: claim.view, seq: 0 };
      const at = { instance: claim.instance, counter: Counter.NewView, value };
      return independentStatement(preamble, at, hash(claim.message));
    }
    case "statement":
      return trustedMacStatement(preamble, claim.instance, hash(claim.message));
    case "vote":
      return voteStatement(preamble, claim.instance, hash(claim.message));
    case "fast":
      return fastStatement(preamble, claim.instance, hash(claim.message));
    case "execution":
      return executionStatement(preamble, claim, claim.root);
    case "checkpoint":
      return checkpointStatement(preamble, claim.seq, claim.root);
    case "request":
      return requestStatement(preamble, claim.digest);
  }
}
