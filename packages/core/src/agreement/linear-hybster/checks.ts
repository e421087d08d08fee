import { type Check, LATER } from "../../wire/check.ts";
import { Certificate, type Message, MessageKind, Proposal, Vote } from "../../wire/messages.ts";
import type { InstanceAddress } from "../agreement.ts";
import { isOfLaterConfiguration } from "../shared/configurations.ts";
import { primaryOf } from "../shared/primary.ts";
import { viewChecks } from "../shared/trusted/checks.ts";
import { slotClaim } from "./claims.ts";

/**
 * What must hold for a message to be authentic; null if it is none of this protocol's, or of no possible form. Who may
 * propose is decided by the role: only the individual certificate of the view's primary makes a Prepare
 * (linear-hybster.md 2). A CommitSig is authentic by its channel; its share is checked when shares are combined.
 */
export function checks(address: InstanceAddress, message: Message): readonly Check[] | null {
  if (message instanceof Proposal && message.kind === MessageKind.Prepare) {
    return isOfLaterConfiguration(address, message.view) ? LATER : [prepareCheck(address, message)];
  }
  if (message instanceof Certificate && message.kind === MessageKind.Commit) {
    if (isOfLaterConfiguration(address, message.view)) return LATER;
    const claim = slotClaim(address.instance, message);
    return [{ type: "certificate", claim, aggregate: message.aggregate }];
  }
  if (message instanceof Vote && message.kind === MessageKind.CommitSig) return [];
  return viewChecks(address, message, prepareCheck);
}

function prepareCheck(address: InstanceAddress, prepare: Proposal): Check {
  const signer = primaryOf(address, prepare.view);
  const claim = slotClaim(address.instance, prepare);
  return { type: "identity", signer, claim, certificate: prepare.certificate };
}
