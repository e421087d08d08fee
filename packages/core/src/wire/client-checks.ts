import { admissionOf } from "./admission.ts";
import type { Check, ClientCheck } from "./check.ts";
import type { AssignRequest } from "./messages.ts";
import type { Request } from "./request.ts";

/** The client's signature over its request. */
export function requestCheck(request: Request): ClientCheck {
  const { client, digest, signature } = request;
  return { type: "client", client, statement: { type: "request", digest }, signature, subject: request };
}

/** Adds what must be looked at in a request, and nobody has looked at yet. */
export function addRequestChecks(request: Request, checks: Check[]): void {
  if (request.valid === null) checks.push(requestCheck(request));
  const admission = admissionOf(request);
  if (admission === null || admission.valid !== null) return;
  const { replica, subsystem } = admission;
  checks.push({ type: "admission", replica, subsystem, subject: admission });
}

/** The same of one alone. */
export function requestChecks(request: Request): readonly Check[] {
  const checks: Check[] = [];
  addRequestChecks(request, checks);
  return checks;
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
