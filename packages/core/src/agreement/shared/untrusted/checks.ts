import type { ReplicaId } from "../../../kernel/ids.ts";
import { anchorCheck } from "../../../wire/anchor.ts";
import type { Check } from "../../../wire/check.ts";
import type { StatementClaim } from "../../../wire/claim.ts";
import { MessageKind, type Proposal } from "../../../wire/messages.ts";
import type { PbftNewView } from "../../../wire/pbft.ts";
import type { InstanceAddress } from "../../agreement.ts";
import { primaryOf } from "../primary.ts";
import { headerClaim, newViewClaim } from "./claims.ts";

/** Only the primary of its view makes a proposal; anybody may pass it on. */
export function proposalChecks(address: InstanceAddress, message: Proposal): readonly Check[] | null {
  if (message.kind !== MessageKind.PrePrepare) return null;
  const signer = primaryOf(address, message.view);
  return [identity(signer, headerClaim(address.instance, message), message.certificate)];
}

/** A NewView is signed by its primary, and so is each header that it proposes again. */
export function newViewChecks(address: InstanceAddress, message: PbftNewView): readonly Check[] {
  const { view, extension, anchor, selections } = message;
  const primary = primaryOf(address, view);
  const found: Check[] = [identity(primary, newViewClaim(address, message), message.signature)];
  if (anchor !== null) found.push(anchorCheck(address.faults, anchor));
  for (const { seq, digest, certificate } of selections) {
    const claim = headerClaim(address.instance, { view, seq, digest, extension });
    found.push(identity(primary, claim, certificate));
  }
  return found;
}

/** A replica has signed this. */
export function identity(signer: ReplicaId, claim: StatementClaim, certificate: Uint8Array): Check {
  return { type: "identity", signer, claim, certificate };
}
