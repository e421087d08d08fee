import type { Digest } from "../../kernel/ids.ts";
import type { Proposal } from "../../wire/messages.ts";

/** Values that one slot keeps by their digests, at most, those that are pinned among them: these are two. */
export const BODIES_PER_SLOT = 4;
/** Proposals that a slot names: of its view, of an earlier and of a later one. */
const NAMED_PER_SLOT = 3;
/** Values that one slot holds, at most, with one that a new primary has fetched. */
export const VALUES_PER_SLOT: number = NAMED_PER_SLOT + BODIES_PER_SLOT + 1;

/**
 * Proposals with their values, by digest: those that view changes speak of. What was kept first goes first: in a view change that
 * comes to an end, correct replicas speak of one or two digests, and what is dropped is asked for again. A value that was decided
 * or prepared here is pinned, for nobody else may have it.
 */
export class SlotBodies extends Map<Digest, Proposal> {
  readonly #isPinned: (digest: Digest) => boolean;

  constructor(isPinned: (digest: Digest) => boolean) {
    super();
    this.#isPinned = isPinned;
  }

  override set(digest: Digest, proposal: Proposal): this {
    super.set(digest, proposal);
    if (this.size > BODIES_PER_SLOT) this.#dropOldest(digest);
    return this;
  }

  #dropOldest(newest: Digest): void {
    for (const digest of this.keys()) {
      if (digest === newest || this.#isPinned(digest)) continue;
      this.delete(digest);
      return;
    }
  }
}
