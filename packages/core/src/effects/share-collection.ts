import type { Digest, ReplicaId } from "../kernel/ids.ts";
import type { Share } from "./effects.ts";

/** A list of links: for two shares or three, as most collections have, an array takes three times the memory. */
interface Supporting extends Share {
  /** What the share is about. */
  readonly subject: Digest;
  /** The one that came after it. */
  next: Supporting | null;
}

/** Up to so many shares are looked through, rather than looked up: most collections hold our own and the primary's. */
const FEW = 8;

/**
 * Shares over one statement, as a collector gathers them: unverified, the first of each sender, set apart by what they
 * support. Small as long as it holds few: there is one for every slot.
 */
export class ShareCollection {
  #first: Supporting | null = null;
  #last: Supporting | null = null;
  #count = 0;
  /** Who has sent one, if these are many. */
  #senders: Set<ReplicaId> | null = null;
  #culprits: Set<ReplicaId> | null = null;
  /** A combine job is under way. */
  combining = false;

  /** Whether this is the sender's first share. */
  add(from: ReplicaId, subject: Digest, share: Uint8Array): boolean {
    if (this.#has(from)) return false;
    const supporting = { signer: from, share, subject, next: null };
    if (this.#last === null) this.#first = supporting;
    else this.#last.next = supporting;
    this.#last = supporting;
    this.#count += 1;
    if (this.#count > FEW) this.#note(from);
    return true;
  }

  condemn(culprits: readonly ReplicaId[]): void {
    this.#culprits ??= new Set();
    for (const culprit of culprits) this.#culprits.add(culprit);
  }

  /** Shares that support it, in the order of their signers, once there may be so many; none before. */
  supporting(subject: Digest, threshold: number): Share[] {
    if (this.#count < threshold) return [];
    const shares: Share[] = [];
    for (let each = this.#first; each !== null; each = each.next) {
      const { signer, share } = each;
      if (each.subject === subject && !this.#isCulprit(signer)) shares.push({ signer, share });
    }
    return shares.sort((a, b) => a.signer - b.signer);
  }

  /** Forgets all of it. */
  clear(): void {
    this.#first = null;
    this.#last = null;
    this.#count = 0;
    this.#senders = null;
    this.#culprits = null;
  }

  #has(sender: ReplicaId): boolean {
    if (this.#senders !== null) return this.#senders.has(sender);
    for (let each = this.#first; each !== null; each = each.next) if (each.signer === sender) return true;
    return false;
  }

  /** There are many by now. */
  #note(sender: ReplicaId): void {
    if (this.#senders !== null) return void this.#senders.add(sender);
    this.#senders = new Set();
    for (let each = this.#first; each !== null; each = each.next) this.#senders.add(each.signer);
  }

  #isCulprit(signer: ReplicaId): boolean {
    return this.#culprits?.has(signer) === true;
  }
}
