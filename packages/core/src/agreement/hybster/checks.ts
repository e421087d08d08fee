import type { ReplicaId } from "../../kernel/ids.ts";
import { type Check, LATER } from "../../wire/check.ts";
import type { UniqueClaim } from "../../wire/claim.ts";
import { proofOf } from "../../wire/hybster.ts";
import { Certificate, type Message, MessageKind, Proposal, Vote } from "../../wire/messages.ts";
import type { InstanceAddress } from "../agreement.ts";
import { isOfLaterConfiguration } from "../shared/configurations.ts";
import { primaryOf } from "../shared/primary.ts";
import { openShare } from "../shared/signed-share.ts";
import { viewChecks } from "../shared/trusted/checks.ts";
import { commitClaim, prepareClaim } from "./claims.ts";

/**
 * What must hold for a message to be authentic; null if it is none of this protocol's, or of no possible form. Whoever it
 * comes from, certificates speak for it: of the view's primary for a Prepare, of any other replica for a Commit.
 */
export function checks(address: InstanceAddress, message: Message): readonly Check[] | null {
  if (message instanceof Proposal && message.kind === MessageKind.Prepare) {
    return isOfLaterConfiguration(address, message.view) ? LATER : [prepareCheck(address, message)];
  }
  if (message instanceof Vote && message.kind === MessageKind.HybsterCommit) {
    return commitChecks(address, message);
  }
  if (message instanceof Certificate && message.kind === MessageKind.HybsterCertificate) {
    return certificateChecks(address, message);
  }
  return viewChecks(address, message, prepareCheck);
}

function prepareCheck(address: InstanceAddress, prepare: Proposal): Check {
  const claim = prepareClaim(address.instance, prepare);
  return identity(primaryOf(address, prepare.view), claim, prepare.certificate);
}

/** A primary's commit is its Prepare: what else it says counts nowhere (hybster.md 12). */
function commitChecks(address: InstanceAddress, vote: Vote): readonly Check[] | null {
  const signed = openShare(vote.share);
  if (signed === null || !isBackup(address, vote.view, signed.signer)) return null;
  if (isOfLaterConfiguration(address, vote.view)) return LATER;
  return [identity(signed.signer, commitClaim(address.instance, vote), signed.signature)];
}

/** The Prepare and Commits of enough others, all of one view: exactly as many as it takes, each once. */
function certificateChecks(address: InstanceAddress, message: Certificate): readonly Check[] | null {
  const proof = proofOf(message);
  if (proof === null || proof.commits.length !== address.faults.quorumBeside(1)) return null;
  if (isOfLaterConfiguration(address, message.view)) return LATER;
  const { instance } = address;
  const primary = primaryOf(address, message.view);
  const found = [identity(primary, prepareClaim(instance, message), proof.prepare)];
  const claim = commitClaim(instance, message);
  let last: ReplicaId = -1;
  for (const { signer, signature } of proof.commits) {
    if (signer <= last || !isBackup(address, message.view, signer)) return null;
    last = signer;
    found.push(identity(signer, claim, signature));
  }
  return found;
}

function isBackup(address: InstanceAddress, view: number, replica: ReplicaId): boolean {
  return replica < address.faults.n && replica !== primaryOf(address, view);
}

function identity(signer: ReplicaId, claim: UniqueClaim, certificate: Uint8Array): Check {
  return { type: "identity", signer, claim, certificate };
}
