import type { Digest, SequenceNumber } from "../../../kernel/ids.ts";
import { PbftNewView, type Selection } from "../../../wire/pbft.ts";
import type { Value } from "../../../wire/value.ts";
import { BODIES_MAX, FetchBodies } from "../../../wire/view-change.ts";
import type { Held } from "./change-store.ts";
import type { Change } from "./changes.ts";
import { headerClaim, newViewClaim } from "./claims.ts";
import type { Decision } from "./decision.ts";
import type { Instance } from "./instance.ts";
import type { UntrustedSlot } from "./slot.ts";

const NOTHING: Uint8Array = new Uint8Array(0);

interface Draft<C extends Change> {
  readonly changes: readonly Held<C>[];
  readonly newView: PbftNewView;
}

/** The new primary's work: decide, get the bodies (A3), sign every header and the whole (pbft.md 7). */
export class Opening<C extends Change> {
  readonly #instance: Instance<UntrustedSlot>;
  readonly #decide: (changes: readonly C[]) => Decision | null;
  readonly #done: (newView: PbftNewView, changes: readonly Held<C>[]) => void;
  /** What is being signed. */
  #draft: Draft<C> | null = null;
  /** Digests of values that the decision may need and that are not here. */
  #wanted: ReadonlySet<Digest> = new Set();
  readonly #fetched = new Map<Digest, Value>();

  constructor(
    instance: Instance<UntrustedSlot>,
    decide: (changes: readonly C[]) => Decision | null,
    done: (newView: PbftNewView, changes: readonly Held<C>[]) => void,
  ) {
    this.#instance = instance;
    this.#decide = decide;
    this.#done = done;
  }

  /** We are not on our way to that view any more. */
  abandon(): void {
    this.#draft = null;
    this.#wanted = new Set();
    this.#fetched.clear();
  }

  /** Tries with the view changes that are believed by now. */
  consider(changes: readonly Held<C>[]): void {
    if (this.#draft !== null) return;
    const decision = this.#decide(changes.map(({ message }) => message));
    if (decision === null) return;
    const chosen = this.#choose(decision);
    if (chosen === null) return;
    this.#sign(changes, decision, chosen);
  }

  onBody(value: Value): void {
    if (this.#wanted.has(value.digest)) this.#fetched.set(value.digest, value);
  }

  /** A value for a slot of the new view, if it is here. */
  value(seq: SequenceNumber, digest: Digest): Value | null {
    const { noop, slots } = this.#instance;
    if (digest === noop.digest) return noop;
    return this.#fetched.get(digest) ?? slots.find(seq)?.body(digest)?.value ?? null;
  }

  askBodies(): void {
    if (this.#wanted.size === 0) return;
    this.#instance.context.port.broadcast(new FetchBodies([...this.#wanted].slice(0, BODIES_MAX)));
  }

  /** The best candidate of every slot that we have the body of; null, and bodies are asked for, if one has none. */
  #choose({ covered, candidates }: Decision): readonly Digest[] | null {
    const missing = new Set<Digest>();
    const chosen: Digest[] = [];
    for (const [i, admitted] of candidates.entries()) {
      const found = admitted.find((digest) => this.value(covered + 1 + i, digest) !== null);
      if (found !== undefined) chosen.push(found);
      else for (const digest of admitted) missing.add(digest);
    }
    const asked = [...missing].every((digest) => this.#wanted.has(digest));
    this.#wanted = missing;
    if (missing.size === 0) return chosen;
    if (!asked) this.askBodies();
    return null;
  }

  #sign(changes: readonly Held<C>[], decision: Decision, chosen: readonly Digest[]): void {
    const { view, context, jobs } = this.#instance;
    const { anchor, covered, count, extension } = decision;
    const names = changes.map(({ message, digest }) => ({ sender: message.sender, digest }));
    const unsigned = { view, changes: names, anchor, count, extension, signature: NOTHING };
    const draft = { changes, newView: new PbftNewView({ ...unsigned, selections: [] }) };
    this.#draft = draft;
    const selections: Selection[] = [];
    let left = chosen.length;
    for (const [i, digest] of chosen.entries()) {
      const seq = covered + 1 + i;
      jobs.certify(headerClaim(context.instance, { view, seq, digest, extension }), (result) => {
        if (this.#draft !== draft || result.type !== "certified") return;
        selections[i] = { seq, digest, certificate: result.certificate };
        left -= 1;
        if (left === 0) this.#signWhole(draft, new PbftNewView({ ...unsigned, selections }));
      });
    }
    if (left === 0) this.#signWhole(draft, new PbftNewView({ ...unsigned, selections }));
  }

  #signWhole(draft: Draft<C>, newView: PbftNewView): void {
    const { context, jobs } = this.#instance;
    jobs.certify(newViewClaim(context, newView), (result) => {
      if (this.#draft !== draft || result.type !== "certified") return;
      this.#done(new PbftNewView({ ...newView, signature: result.certificate }), draft.changes);
    });
  }
}
