import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import type { Message } from "@destiny/core/wire/messages";
import type { Reply } from "@destiny/core/wire/reply";

/** How many bytes things are on the wire, frames and headers of the transport included. Asked once for every send or broadcast. */
export interface Sizes {
  message(message: Message): number;
  clientMessage(message: ClientMessage): number;
  reply(reply: Reply): number;
}

/** Everything weighs nothing: where no link and no interface has a rate. */
export const WEIGHTLESS: Sizes = { message: () => 0, clientMessage: () => 0, reply: () => 0 };
