import type { Digest, ReplicaId, View } from "../../kernel/ids.ts";
import type { Certificate, Vote } from "../../wire/messages.ts";
import type { SbftShare } from "../../wire/sbft.ts";
import { UntrustedSlot } from "../shared/untrusted/slot.ts";
import { Votes } from "../shared/votes.ts";

/** What a collector makes of shares: a proof of the fast path, a prepare certificate, or a proof of the slow path. */
type Product = "fast" | "prepare" | "commit";

/** What a collector keeps of one order number. */
export class Collection {
  readonly shares: Votes<SbftShare> = new Votes();
  readonly commits: Votes<Vote> = new Votes();
  /** Whose shares were bad. */
  readonly culprits: Record<Product, Set<ReplicaId>> = {
    fast: new Set(),
    prepare: new Set(),
    commit: new Set(),
  };
  /** The view of which each is being made; -1 if none. */
  readonly combining: Record<Product, View> = { fast: -1, prepare: -1, commit: -1 };
  /** The view in which it waits for the last shares; -1 if in none. */
  waitingView: View = -1;
  /** The view in which it has taken the slow path; -1 if in none. */
  hurriedView: View = -1;
  /** The prepare certificate that we made last. */
  made: Certificate | null = null;
}

/** What a replica keeps of one order number. */
export class Slot extends UntrustedSlot {
  /** The prepare certificate of the newest view: `prepareCert` of sbft.md 3. */
  override prepared: Certificate | null = null;
  /** What we voted for last, with our shares: `fastVote` of sbft.md 3. */
  vote: SbftShare | null = null;
  /** The view in which our shares are being signed. */
  voting: View = -1;
  /** Our commit share of the newest view. */
  commit: Vote | null = null;
  /** The view in which our commit share is being signed. */
  committing: View = -1;
  /** Who has shown us the prepare certificate of the present view: they collect commit shares. */
  readonly askers: Set<ReplicaId> = new Set();
  /** That it is decided. */
  proof: Certificate | null = null;
  /** Only of those who were sent shares. */
  collection: Collection | null = null;

  override mayReport(digest: Digest): boolean {
    return this.vote?.digest === digest || this.prepared?.digest === digest;
  }
}
