import type { Digest, InstanceId, SequenceNumber } from "../kernel/ids.ts";
import {
  Counter,
  type CounterValue,
  checkpointStatement,
  executionStatement,
  independentStatement,
  type Preamble,
} from "./statement.ts";
import type { Hash } from "./value.ts";

/** What a share or a certificate speaks for; the driver turns it into signed bytes under the cluster's preamble. */
export type Claim = SlotClaim | ExecutionClaim | CheckpointClaim;

/** A message bound to one value of the instance's ordering counter: `T` of linear-hybster.md 1. */
export interface SlotClaim {
  readonly type: "slot";
  readonly instance: InstanceId;
  readonly value: CounterValue;
  /** Hashed inside the trusted subsystem. */
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

/** Which keys make and check a claim's shares: `tau` lives in the trusted subsystem, `pi` with the host. */
export type Scheme = "tau" | "pi";

export function schemeOf(claim: Claim): Scheme {
  return claim.type === "slot" ? "tau" : "pi";
}

/** The bytes that shares and certificates for the claim sign. */
export function statementOf(claim: Claim, preamble: Preamble, hash: Hash): Uint8Array {
  switch (claim.type) {
    case "slot": {
      const at = { instance: claim.instance, counter: Counter.Order, value: claim.value };
      return independentStatement(preamble, at, hash(claim.message));
    }
    case "execution":
      return executionStatement(preamble, claim, claim.root);
    case "checkpoint":
      return checkpointStatement(preamble, claim.seq, claim.root);
  }
}
