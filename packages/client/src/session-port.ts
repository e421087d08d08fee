import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { ProvenReply } from "@destiny/core/wire/reply";
import type { Submission } from "./submission.ts";
import type { VerifiedReply } from "./verified-reply.ts";

/** How a submission ended. */
export type Settlement =
  | { readonly ok: true; readonly reply: VerifiedReply }
  | { readonly ok: false; readonly error: unknown };

/** A proof to look at. The session gets it back with the answer, {@link Session.verified}. */
export interface ProofJob {
  readonly submission: Submission;
  readonly from: ReplicaId;
  readonly reply: ProvenReply;
  /** The result root that the reply's results and path lead to. */
  readonly root: Digest;
}

/** What a session asks of its driver. Nothing here may call back into the session before it returns. */
export interface SessionPort {
  /** Opens a link and keeps it open, redialling for ever. Once asked, asking again changes nothing. */
  dial(replica: ReplicaId): void;
  /** Hands a message to a link that is up. It may be lost. */
  send(replica: ReplicaId, message: Uint8Array): void;
  /** Has the certificate verified, off the event loop. */
  verify(job: ProofJob): void;
  /** Exactly once for every ticket. */
  settle(ticket: number, settlement: Settlement): void;
  /** Calls {@link Session.tick} at this time or soon after. Only the latest call counts. */
  wake(at: Micros): void;
  /** A replica sent what no correct one sends. */
  report(replica: ReplicaId, misbehaviour: Misbehaviour): void;
}
