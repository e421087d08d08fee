import type { Port } from "../../../effects/port.ts";
import type { Proposal } from "../../../wire/messages.ts";
import type { TrustedSlot } from "./slot.ts";

/** Puts a proposal into the log, durable before anything that follows. */
export function persistProposal(port: Port, slot: TrustedSlot, proposal: Proposal): void {
  port.persist(slot.seq, proposal);
  slot.logged = proposal.header();
}

/** Puts a proposal into the log in time, unless it is there. */
export function noteProposal(port: Port, slot: TrustedSlot, proposal: Proposal): void {
  const { view, digest } = proposal;
  if (slot.logged?.view === view && slot.logged.digest === digest) return;
  port.note(slot.seq, proposal);
  slot.logged = proposal.header();
}

/**
 * The log of a decided slot holds its value, for peers. Until a slot leaves the window or the base moves, it may hold what we
 * signed in our base instead, which we may have to show.
 */
export function noteDecision(port: Port, slot: TrustedSlot | undefined): void {
  if (slot === undefined || slot.commit === null || slot.logged?.digest === slot.commit.digest) return;
  const decided = slot.body(slot.commit.digest);
  if (decided !== null && decided.certificate.length > 0) noteProposal(port, slot, decided);
}
