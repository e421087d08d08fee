import type { ReplicaId, View } from "../../../kernel/ids.ts";
import type { ViewChange } from "../../../wire/view-change.ts";

/**
 * Who wants to leave for which view: of each replica its newest ViewChange, and the one for the view that we are on our way
 * to (dqbft.md 5).
 */
export class Departures {
  readonly #oneCorrect: number;
  readonly #newest = new Map<ReplicaId, ViewChange>();
  readonly #current = new Map<ReplicaId, ViewChange>();
  #target: View = 0;

  constructor(oneCorrect: number) {
    this.#oneCorrect = oneCorrect;
  }

  /** An authentic ViewChange. Of two for one view the one with the higher base counts. */
  add(viewChange: ViewChange): void {
    const { sender, to, base } = viewChange;
    const newest = this.#newest.get(sender);
    if (newest === undefined || to > newest.to || (to === newest.to && base >= newest.base)) {
      this.#newest.set(sender, viewChange);
    }
    const current = this.#current.get(sender);
    if (to === this.#target && base >= (current?.base ?? 0)) this.#current.set(sender, viewChange);
  }

  /** We are on our way to another view. */
  target(view: View): void {
    this.#target = view;
    this.#current.clear();
    for (const viewChange of this.#newest.values()) this.add(viewChange);
  }

  /** Those for the view that we are on our way to, in the order of their senders. */
  get current(): readonly ViewChange[] {
    return [...this.#current.values()].sort((a, b) => a.sender - b.sender);
  }

  /** The newest of every replica that wants this view or a higher one, those of the lowest views first. */
  atLeast(view: View): readonly ViewChange[] {
    return [...this.#newest.values()].filter(({ to }) => to >= view).sort((a, b) => a.to - b.to);
  }

  /** Whether f + 1 replicas want this view or a higher one: a correct one among them. */
  supports(view: View): boolean {
    return this.atLeast(view).length >= this.#oneCorrect;
  }

  /** The view to join: the smallest that is wanted by one of f + 1 replicas that all want a higher one; null if they do not. */
  toJoin(view: View): View | null {
    const higher = this.atLeast(view + 1);
    return higher.length >= this.#oneCorrect ? (higher[0]?.to ?? null) : null;
  }
}
