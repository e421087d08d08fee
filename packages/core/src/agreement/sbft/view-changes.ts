import type { Digest, View } from "../../kernel/ids.ts";
import type { StatementClaim } from "../../wire/claim.ts";
import { MessageKind } from "../../wire/messages.ts";
import type { PbftNewView } from "../../wire/pbft.ts";
import { SbftViewChange, SbftViewChangeForward, SbftViewState, type SlotReport } from "../../wire/sbft.ts";
import { faded } from "../shared/fading.ts";
import type { ChangeRules } from "../shared/untrusted/changes.ts";
import type { Decision } from "../shared/untrusted/decision.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import { decide } from "./choose.ts";
import { viewChangeClaim } from "./claims.ts";
import type { Slot } from "./slot.ts";
import { isValidViewChange } from "./validity.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const KINDS = {
  change: MessageKind.SbftViewChange,
  forward: MessageKind.SbftViewChangeForward,
  state: MessageKind.SbftViewState,
} as const;

/** How SBFT changes views: each slot's last prepare certificate and last vote are shown, and all is signed (sbft.md 7). */
export class SbftChanges implements ChangeRules<SbftViewChange> {
  readonly kinds: ChangeRules<SbftViewChange>["kinds"] = KINDS;
  readonly signed: boolean = true;
  readonly asksAll: boolean = true;
  readonly #instance: Instance<Slot>;

  constructor(instance: Instance<Slot>) {
    this.#instance = instance;
  }

  get needed(): number {
    return this.#instance.context.faults.available;
  }

  /** Exactly as many (sbft.md 10.4). */
  get allowed(): number {
    return this.needed;
  }

  make(view: View): SbftViewChange {
    const { slots: ring, covered, anchor, self, standing, decided, context } = this.#instance;
    const slots: SlotReport[] = [];
    for (let seq = covered + 1; seq <= ring.high; seq += 1) {
      const { prepared = null, vote = null } = ring.find(seq) ?? {};
      if (prepared === null && vote === null) continue;
      const fast = vote === null ? null : { view: vote.view, digest: vote.digest, share: vote.fast };
      slots.push({ seq, slow: prepared, fast });
    }
    // Deviation: the new view's maximum is not known yet, so what is decided here takes its place.
    const count = faded(standing, decided);
    return SbftViewChange.of({ view, sender: self, anchor, slots, count, signature: NOTHING }, context.hash);
  }

  isValid(change: SbftViewChange): boolean {
    return isValidViewChange(change, this.#instance.context);
  }

  digest({ digest }: SbftViewChange): Digest {
    return digest;
  }

  claim(change: SbftViewChange): StatementClaim {
    return viewChangeClaim(this.#instance.context.instance, change);
  }

  withSignature(change: SbftViewChange, signature: Uint8Array): SbftViewChange {
    return change.signed(signature);
  }

  forward(change: SbftViewChange): SbftViewChangeForward {
    return new SbftViewChangeForward(change);
  }

  state(change: SbftViewChange, newView: PbftNewView | null): SbftViewState {
    return new SbftViewState(change, newView);
  }

  decide(changes: readonly SbftViewChange[]): Decision | null {
    const { faults, lowOf, probation } = this.#instance.context;
    return decide(changes, { faults, lowOf, probation, noop: this.#instance.noop.digest });
  }
}
