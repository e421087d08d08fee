import type { Proposal, Vote } from "../../wire/messages.ts";
import { TrustedSlot } from "../shared/trusted/slot.ts";
import { Votes } from "../shared/votes.ts";

/** What a replica keeps of one order number. */
export class Slot extends TrustedSlot {
  /** Commits of backups, of whatever view: what is decided does not depend on where we are (hybster.md 4). */
  readonly commits: Votes<Vote> = new Votes();

  /** The proposals that are here, one of a view: of the base, of a later view, of an earlier one. */
  get proposals(): readonly Proposal[] {
    return [this.proposal, this.later, this.elder].filter((each) => each !== null);
  }
}
