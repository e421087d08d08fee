import type { FaultModel } from "../kernel/fault-model.ts";
import type { ReplicaId } from "../kernel/ids.ts";
import { invariant } from "../kernel/invariant.ts";
import { Anchor, anchorCheck, checkpointCheck } from "../wire/anchor.ts";
import type { Check } from "../wire/check.ts";
import { Forward, forwardChecks } from "../wire/forward.ts";
import {
  CheckpointProof,
  CheckpointSig,
  ExecProof,
  ExecSig,
  type Message,
  Status,
} from "../wire/messages.ts";
import { FetchState, StateDigests, StatePages } from "../wire/state-transfer.ts";
import type { ClientDesk } from "./client-desk.ts";
import type { ExecutionProofs } from "./execution-proofs.ts";
import type { StatusExchange } from "./status-exchange.ts";

/** The parts of a replica that take such messages. */
export interface RootDesks {
  readonly proofs: ExecutionProofs;
  readonly status: StatusExchange;
  readonly desk: ClientDesk;
}

const PLAIN: readonly (abstract new (...args: never[]) => Message)[] = [
  ...[ExecSig, ExecProof, CheckpointSig, Status],
  ...[FetchState, StatePages, StateDigests],
];

/** What must hold for a message of the replica layer to be authentic; null if it is none of its messages. */
export function rootChecks(faults: FaultModel, message: Message): readonly Check[] | null {
  if (message instanceof CheckpointProof) return [checkpointCheck(faults, message)];
  if (message instanceof Anchor) return [anchorCheck(faults, message)];
  if (message instanceof Forward) return forwardChecks(message);
  // Shares are authentic by their channel, and checked when they are combined; a status proves nothing; a proof of
  // execution is for clients, who check it themselves.
  // Pieces of a state are checked against the certified root.
  const plain = PLAIN.some((kind) => message instanceof kind);
  return plain ? [] : null;
}

/** Hands a message that is not about states to the part of the replica layer that it is for. */
export function dispatchRoot(from: ReplicaId, message: Message, parts: RootDesks): void {
  if (message instanceof ExecSig) parts.proofs.onExecSig(from, message);
  else if (message instanceof ExecProof) parts.proofs.onExecProof(from, message);
  else if (message instanceof Forward) parts.desk.onForward(from, message);
  else {
    invariant(message instanceof Status, "a message that the checks let through");
    parts.status.onStatus(from, message);
  }
}
