import type { Digest, ReplicaId, SequenceNumber, View } from "../../kernel/ids.ts";
import type { Certificate, Proposal, Vote } from "../../wire/messages.ts";
import type { CommitStatement, PreparedCertificate } from "../../wire/pbft.ts";
import { Votes } from "./votes.ts";

/** What a replica keeps of one order number. */
export class Slot {
  readonly seq: SequenceNumber;
  /** Of the newest view that had one here. Without a value while the body is missing; a draft until it is signed. */
  proposal: Proposal | null = null;
  /** We stand by it: it is durable, and our Prepare is sent, unless the proposal is ours. */
  accepted = false;
  /** The layer above found the value at fault: a function of its bytes, so for good. */
  refused = false;
  /** A proposal that could not be taken when it came: of a view to come, or perhaps the decided one. The last such. */
  spare: Proposal | null = null;
  /** Proposals with their values, by digest: those that view changes may come back to. */
  readonly bodies: Map<Digest, Proposal> = new Map();
  /** What the log holds a proposal of. */
  logged: Digest | null = null;
  /** What was prepared here, in the newest view: an entry of `P` (pbft.md 7). */
  prepared: PreparedCertificate | null = null;
  /** In which view each digest was pre-prepared here last: entries of `Q`. */
  readonly preprepared: Map<Digest, View> = new Map();
  readonly prepares: Votes = new Votes();
  readonly commits: Votes = new Votes();
  /** Who says that the slot is decided: `view` of these is 0. */
  readonly claims: Votes = new Votes();
  /** Our own votes of the present view, for who missed them. */
  ownPrepare: Vote | null = null;
  ownCommit: Vote | null = null;
  /** The decided digest. */
  decision: Digest | null = null;
  /** The value was handed to the layer above. */
  delivered = false;
  /** By signer: the first that each sent for the decided digest, or for any while nothing is decided. */
  readonly statements: Map<ReplicaId, CommitStatement> = new Map();
  evidence: Certificate | null = null;
  /** Ticks of the pull timer since this slot has been waiting for something. */
  age = 0;

  constructor(seq: SequenceNumber) {
    this.seq = seq;
  }

  /** A body for this digest, if one is here. */
  body(digest: Digest): Proposal | null {
    const kept = this.bodies.get(digest);
    if (kept !== undefined) return kept;
    return this.spare?.digest === digest ? this.spare : null;
  }
}
