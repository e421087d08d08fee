import type { SequenceNumber, Ticket } from "../../../kernel/ids.ts";

/** The job by which a ViewChange or NewView of ours is certified: one at a time. */
export const VIEW_TICKET: Ticket = 0;
/** The job by which an ack of ours is certified. */
export const ACK_TICKET: Ticket = 1;

/** The job by which our subsystem certifies a slot. Slots begin at 1, so the first two tickets are free for others. */
export const certifyTicket = (seq: SequenceNumber): Ticket => seq * 2;

/** The job by which votes for a slot are combined, in protocols that do. */
export const combineTicket = (seq: SequenceNumber): Ticket => seq * 2 + 1;

/** The slot that a job of either kind is about. */
export const slotOf = (ticket: Ticket): SequenceNumber => Math.floor(ticket / 2);
