import { type Message, Proposal } from "@destiny/core/wire/messages";

/** The message with other fields. Proposals are made anew: what one has worked out of its fields is not that of another. */
export function changed(message: Message, fields: object): Message {
  if (message instanceof Proposal) return new Proposal({ ...message, ...fields });
  return Object.assign(Object.create(Object.getPrototypeOf(message)), message, fields) as Message;
}
