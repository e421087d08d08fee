import type { Digest, ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import type { Certificate, Vote } from "../../wire/messages.ts";
import type { CommitStatement, PreparedCertificate } from "../../wire/pbft.ts";
import { UntrustedSlot } from "../shared/untrusted/slot.ts";
import { Votes } from "../shared/votes.ts";

/** What a replica keeps of one order number. */
export class Slot extends UntrustedSlot {
  /** What was prepared here, in the newest view: an entry of `P` (pbft.md 7). */
  override prepared: PreparedCertificate | null = null;
  /** In which view each digest was pre-prepared here last: entries of `Q`. */
  readonly preprepared: Map<Digest, View> = new Map();
  readonly prepares: Votes<Vote>;
  readonly commits: Votes<Vote> = new Votes(false);
  /** Who says that the slot is decided: `view` of these is 0. */
  readonly claims: Votes<Vote> = new Votes(false);
  /** Our own votes of the present view, for who missed them. */
  ownPrepare: Vote | null = null;
  ownCommit: Vote | null = null;
  /** By signer: the first that each sent for the decided digest, or for any while nothing is decided. */
  readonly statements: Map<ReplicaId, CommitStatement> = new Map();
  evidence: Certificate | null = null;

  /** Whether Prepares are shown to others: their signatures are. */
  constructor(seq: SequenceNumber, showsPrepares: boolean) {
    super(seq);
    this.prepares = new Votes(showsPrepares);
  }

  override mayReport(digest: Digest): boolean {
    return this.preprepared.has(digest);
  }
}
