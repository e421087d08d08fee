import type { Check } from "./check.ts";
import { requestChecks } from "./client-checks.ts";
import type { CodecTable } from "./message-codec.ts";
import { type Message, MessageKind } from "./messages.ts";
import { Request } from "./request.ts";

/** A client's request, on its way from a replica that was asked to the coordinator that has to propose it (dqbft.md 8, help first). */
export class Forward implements Message {
  readonly kind: MessageKind = MessageKind.Forward;
  readonly request: Request;

  constructor(request: Request) {
    this.request = request;
  }
}

/** The client's own signature: what a peer adds counts for nothing. */
export function forwardChecks({ request }: Forward): readonly Check[] {
  return requestChecks(request);
}

export const FORWARD_CODECS: CodecTable = {
  [MessageKind.Forward]: {
    write: (message, out) => void out.bytes((message as Forward).request.bytes),
    read: (_kind, input, hash) => new Forward(Request.read(input, hash)),
  },
};
