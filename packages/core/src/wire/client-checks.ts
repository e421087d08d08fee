import type { ClientCheck } from "./check.ts";
import type { AssignRequest } from "./messages.ts";
import type { Request } from "./request.ts";

/** The client's signature over its request. */
export function requestCheck(request: Request): ClientCheck {
  const { client, digest, signature } = request;
  return { type: "client", client, statement: { type: "request", digest }, signature, subject: request };
}

/** The client's signature over its wish for another coordinator. */
export function assignCheck(request: AssignRequest): ClientCheck {
  const { client, coordinator, nonce, signature } = request;
  return {
    type: "client",
    client,
    statement: { type: "assign", coordinator, nonce },
    signature,
    subject: request,
  };
}
