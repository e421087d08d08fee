import type { Digest, ReplicaId, View } from "../../../kernel/ids.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import type { StatementClaim } from "../../../wire/claim.ts";
import type { Message, MessageKind } from "../../../wire/messages.ts";
import type { PbftNewView } from "../../../wire/pbft.ts";
import type { Decision } from "./decision.ts";

/** A replica leaves its view for a higher one: what every protocol's view change has. */
export interface Change extends Message {
  /** The view that it asks for. */
  readonly view: View;
  readonly sender: ReplicaId;
  /** The newest stable checkpoint that it knows; null before the first. */
  readonly anchor: Anchor | null;
  /** `c` of dqbft.md 4.2: established view changes, faded by good work. */
  readonly count: number;
  /** Empty where view changes are not signed, and in drafts. */
  readonly signature: Uint8Array;
}

/** A view change of a replica, passed on by another. */
export interface Forward<C extends Change> extends Message {
  readonly viewChange: C;
}

/** In the log only: where a replica is in its views. */
export interface ViewState<C extends Change> extends Message {
  /** Its own view change for the view that it is in or on its way to. */
  readonly viewChange: C;
  /** Of the last view that it entered; null for view 0. */
  readonly newView: PbftNewView | null;
}

/** How one protocol changes views: what its view changes say, who believes them, and what follows from enough of them. */
export interface ChangeRules<C extends Change> {
  readonly kinds: {
    readonly change: MessageKind;
    readonly forward: MessageKind;
    readonly state: MessageKind;
  };
  /** View changes are signed: whoever has one can show it to others. Else each is believed for those who vouch for it. */
  readonly signed: boolean;
  /** Few peers speak to us in a view that we are not in: when one of them does, all are asked how to come there. */
  readonly asksAll: boolean;
  /** View changes that open a view, at least. */
  readonly needed: number;
  /** And at most: a NewView rests on so many. */
  readonly allowed: number;
  /** What we must not let be forgotten when we leave for this view; not signed yet. */
  make(view: View): C;
  /** Whether a correct replica can have sent it. */
  isValid(change: C): boolean;
  /** The name by which a NewView calls it: a digest of what it says. */
  digest(change: C): Digest;
  claim(change: C): StatementClaim;
  withSignature(change: C, signature: Uint8Array): C;
  forward(change: C): Forward<C>;
  state(change: C, newView: PbftNewView | null): ViewState<C>;
  /** What follows from these, of different senders; null if it takes more of them. Pure. */
  decide(changes: readonly C[]): Decision | null;
}
