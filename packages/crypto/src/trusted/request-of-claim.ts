import type { TrustedClaim } from "@destiny/core/wire/claim";
import { Counter } from "@destiny/core/wire/statement";
import type { CertifyRequest } from "./request.ts";

/** What to ask a trusted subsystem for a claim. */
export function requestOfClaim(claim: TrustedClaim): CertifyRequest {
  const { instance, message } = claim;
  const none = { view: 0, seq: 0 };
  switch (claim.type) {
    case "slot":
      return { kind: "independent", instance, counter: Counter.Order, value: claim.value, message };
    case "unique":
      return { kind: "unique", instance, counter: Counter.Order, value: claim.value, message };
    case "succession":
      return { kind: "continuing", instance, counter: Counter.Order, value: claim.value, message };
    case "opening": {
      const value = { view: claim.view, seq: 0 };
      return { kind: "independent", instance, counter: Counter.NewView, value, message };
    }
    case "statement":
      return { kind: "trustedMac", instance, counter: Counter.Order, value: none, message };
    case "vote":
      return { kind: "vote", instance, counter: Counter.Order, value: none, message };
  }
}
