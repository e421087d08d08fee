import { configurationOf } from "../../../kernel/configurations.ts";
import type { ReplicaId, SequenceNumber, View } from "../../../kernel/ids.ts";
import type { Anchor } from "../../../wire/anchor.ts";
import { FIRST_STANDING, type InstanceAddress, type Standing } from "../../agreement.ts";
import { primaryOf } from "../primary.ts";
import { type Base, FIRST_BASE, type Law, lowIn } from "./validity.ts";

/** Where an instance is in its views: what all its parts share. */
export class Place {
  readonly address: InstanceAddress;
  readonly law: Law;
  /** The view that we are in, or on our way to: `view` of hybster.md 3. */
  view: View = 0;
  active = true;
  /** The last NewView that we accepted: `stableView`. */
  base: Base = FIRST_BASE;
  /** The last view that we entered: a base accepted on the way to a later view is not entered. */
  entered: Standing = FIRST_STANDING;
  /** The newest stable checkpoint known. */
  anchor: Anchor | null = null;
  /** Slots that it covers, executed here or not: `ls`. */
  stable: SequenceNumber = 0;
  /** Our subsystem refused to sign: its counter is ahead of our log, so we count against f until healed. */
  mute = false;

  constructor(address: InstanceAddress, law: Law) {
    this.address = address;
    this.law = law;
  }

  get baseView(): View {
    return this.base.standing.view;
  }

  /**
   * Whether our trusted subsystem has a voice in the base: its identity was admitted with the configuration of the base or one
   * before (hybster.md 10.1). One that was not admitted has none anywhere.
   */
  get counts(): boolean {
    const { members, faults } = this.address;
    return configurationOf(this.baseView, faults.n) >= members.ownSince;
  }

  /** Whether nothing may be signed in the base. */
  get silent(): boolean {
    return this.mute || !this.counts;
  }

  primary(view: View): ReplicaId {
    return primaryOf(this.address, view);
  }

  /** Takes a newer anchor over. Whether it is one. */
  adopt(anchor: Anchor | null): boolean {
    if (anchor === null || anchor.seq <= (this.anchor?.seq ?? -1)) return false;
    this.anchor = anchor;
    this.stable = Math.max(this.stable, lowIn(this.law, anchor));
    return true;
  }
}
