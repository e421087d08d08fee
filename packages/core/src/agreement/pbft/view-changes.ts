import type { Digest, View } from "../../kernel/ids.ts";
import type { StatementClaim } from "../../wire/claim.ts";
import { MessageKind } from "../../wire/messages.ts";
import {
  type PbftNewView,
  PbftViewChange,
  PbftViewChangeForward,
  PbftViewState,
  type PrePrepared,
  type PreparedCertificate,
} from "../../wire/pbft.ts";
import { viewChangeContent } from "../../wire/pbft-codec.ts";
import { faded } from "../shared/fading.ts";
import type { ChangeRules } from "../shared/untrusted/changes.ts";
import type { Decision } from "../shared/untrusted/decision.ts";
import type { Instance } from "../shared/untrusted/instance.ts";
import type { Authentication } from "./checks.ts";
import { viewChangeClaim } from "./claims.ts";
import { decide } from "./decide.ts";
import type { Slot } from "./slot.ts";
import { isValidViewChange } from "./validity.ts";

const NOTHING: Uint8Array = new Uint8Array(0);
const KINDS = {
  change: MessageKind.PbftViewChange,
  forward: MessageKind.PbftViewChangeForward,
  state: MessageKind.PbftViewState,
} as const;

/** How PBFT changes views: with MACs by vouching, with signatures by proofs (pbft.md 7 and 8). */
export class PbftChanges implements ChangeRules<PbftViewChange> {
  readonly kinds: ChangeRules<PbftViewChange>["kinds"] = KINDS;
  readonly #authentication: Authentication;
  readonly #instance: Instance<Slot>;

  constructor(authentication: Authentication, instance: Instance<Slot>) {
    this.#authentication = authentication;
    this.#instance = instance;
  }

  get signed(): boolean {
    return this.#authentication === "signature";
  }

  get asksAll(): boolean {
    return false;
  }

  get needed(): number {
    return this.#instance.context.faults.quorum;
  }

  get allowed(): number {
    return this.#instance.context.faults.n;
  }

  make(view: View): PbftViewChange {
    const { slots, covered, anchor, self, standing, decided } = this.#instance;
    const prepared: PreparedCertificate[] = [];
    const preprepared: PrePrepared[] = [];
    for (let seq = covered + 1; seq <= slots.high; seq += 1) {
      const slot = slots.find(seq);
      if (slot === undefined) continue;
      if (slot.prepared !== null) prepared.push(slot.prepared);
      if (this.signed) continue;
      const digests = [...slot.preprepared].sort(([a], [b]) => (a < b ? -1 : 1));
      for (const [digest, of] of digests) preprepared.push({ seq, digest, view: of });
    }
    // Deviation: the new view's maximum is not known yet, so what is decided here takes its place.
    const count = faded(standing, decided);
    return new PbftViewChange({
      view,
      sender: self,
      anchor,
      prepared,
      preprepared,
      count,
      signature: NOTHING,
    });
  }

  isValid(change: PbftViewChange): boolean {
    return isValidViewChange(change, this.#instance.context);
  }

  digest(change: PbftViewChange): Digest {
    return this.#instance.context.hash(viewChangeContent(change));
  }

  claim(change: PbftViewChange): StatementClaim {
    return viewChangeClaim(this.#instance.context, change);
  }

  withSignature(change: PbftViewChange, signature: Uint8Array): PbftViewChange {
    return new PbftViewChange({ ...change, signature });
  }

  forward(change: PbftViewChange): PbftViewChangeForward {
    return new PbftViewChangeForward(change);
  }

  state(change: PbftViewChange, newView: PbftNewView | null): PbftViewState {
    return new PbftViewState(change, newView);
  }

  decide(changes: readonly PbftViewChange[]): Decision | null {
    const { faults, lowOf, probation } = this.#instance.context;
    const noop = this.#instance.noop.digest;
    return decide(changes, { authentication: this.#authentication, faults, lowOf, probation, noop });
  }
}
