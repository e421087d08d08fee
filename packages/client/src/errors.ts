import type { ReplicaId } from "@destiny/core/kernel/ids";
import { RefusalCode } from "@destiny/core/wire/reply";

/** No reply that could be verified came in time. */
export class DeadlineError extends Error {
  override readonly name = "DeadlineError";
  /** Whether the request left this client. If not, it will never execute; if so, it may have, or may yet. */
  readonly sent: boolean;

  constructor(message: string, sent: boolean) {
    super(message);
    this.sent = sent;
  }
}

/** The request is not taken, as this client itself or enough replicas for a correct one among them say. */
export class RefusedError extends Error {
  override readonly name = "RefusedError";
  readonly code: RefusalCode;
  /** Who said so; empty if this client did, before it sent anything. */
  readonly replicas: readonly ReplicaId[];

  constructor(code: RefusalCode, replicas: readonly ReplicaId[], detail: string = describeRefusal(code)) {
    super(replicas.length === 0 ? detail : `${detail}, say replicas ${replicas.join(", ")}`);
    this.code = code;
    this.replicas = replicas;
  }
}

/** Later requests of this key have executed, and whether this one had is not known any more. Does another process use the key? */
export class SupersededError extends Error {
  override readonly name = "SupersededError";
}

/** As many requests as may wait are waiting already. Nothing was sent. */
export class OverloadedError extends Error {
  override readonly name = "OverloadedError";
}

/** The client was closed. What had been sent may have executed, or may yet. */
export class ClosedError extends Error {
  override readonly name = "ClosedError";
}

/** No replica could be reached, or none proved to be the one that the description names. */
export class ConnectError extends Error {
  override readonly name = "ConnectError";
}

/** A refusal in words. */
export function describeRefusal(code: number): string {
  return REFUSALS.get(code) ?? `refused for reason ${code}, which this client does not know`;
}

const REFUSALS: ReadonlyMap<number, string> = new Map([
  [RefusalCode.BadSignature, "the request's signature is bad"],
  [RefusalCode.NotAdmitted, "this client may not submit: its key is not in the genesis"],
  [RefusalCode.NotCoordinator, "another replica coordinates this client"],
  [RefusalCode.TimestampUsed, "a request with this timestamp has executed"],
  [RefusalCode.Superseded, "a later request of this client has executed"],
  [RefusalCode.Busy, "too many requests are waiting"],
  [RefusalCode.Malformed, "the request is above a limit"],
  [RefusalCode.TooManyClients, "the cluster has as many clients as it takes"],
  [RefusalCode.NoHome, "the coordinator of this client serves nobody now"],
]);
