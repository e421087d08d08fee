import { anchorCheck } from "../../wire/anchor.ts";
import type { Check } from "../../wire/check.ts";
import type { Claim } from "../../wire/claim.ts";
import { Certificate, type Message, MessageKind, Proposal, Pull, Vote } from "../../wire/messages.ts";
import { PbftNewView, PbftStatus } from "../../wire/pbft.ts";
import { SbftShare, SbftViewChange, SbftViewChangeForward } from "../../wire/sbft.ts";
import { Body, FetchBodies, FetchNewView } from "../../wire/view-change.ts";
import type { InstanceAddress } from "../agreement.ts";
import { identity, newViewChecks, proposalChecks } from "../shared/untrusted/checks.ts";
import { fastClaim, preparedClaim, proposalClaim, viewChangeClaim } from "./claims.ts";

/** Messages that are authentic by their channel. Shares among them: they are checked when they are combined. */
const PLAIN = [SbftShare, Pull, PbftStatus, FetchBodies, Body, FetchNewView];

/** What must hold for a message of SBFT to be authentic beyond its channel; null if it is none. */
export function checks(address: InstanceAddress, message: Message): readonly Check[] | null {
  if (message instanceof Proposal) return proposalChecks(address, message);
  if (message instanceof Certificate) return certificateChecks(address, message);
  if (message instanceof Vote) return message.kind === MessageKind.SbftCommitShare ? [] : null;
  if (message instanceof PbftNewView) return newViewChecks(address, message);
  if (message instanceof SbftViewChange) return viewChangeChecks(address, message);
  if (message instanceof SbftViewChangeForward) return viewChangeChecks(address, message.viewChange);
  return PLAIN.some((kind) => message instanceof kind) ? [] : null;
}

function certificateChecks(address: InstanceAddress, message: Certificate): readonly Check[] | null {
  const claim = claimOf(address, message);
  // Nothing signs the extension.
  if (claim === null || message.extension !== 0) return null;
  return [{ type: "certificate", claim, aggregate: message.aggregate }];
}

function claimOf({ instance }: InstanceAddress, message: Certificate): Claim | null {
  switch (message.kind) {
    case MessageKind.SbftPrepare:
      return proposalClaim(instance, message);
    case MessageKind.SbftFast:
      return fastClaim(instance, message);
    case MessageKind.SbftSlow:
      return preparedClaim(instance, message);
    default:
      return null;
  }
}

/** Every certificate and every single share in it: before anything is compared or chosen (sbft.md 10.2). */
function viewChangeChecks(address: InstanceAddress, message: SbftViewChange): readonly Check[] | null {
  const { instance, faults } = address;
  const { sender: signer, anchor, slots, signature } = message;
  if (signer >= faults.n) return null;
  const found: Check[] = [identity(signer, viewChangeClaim(instance, message), signature)];
  if (anchor !== null) found.push(anchorCheck(faults, anchor));
  for (const { seq, slow, fast } of slots) {
    if (slow !== null) {
      const claim = proposalClaim(instance, { ...slow, seq });
      found.push({ type: "certificate", claim, aggregate: slow.aggregate });
    }
    if (fast !== null) {
      const claim = fastClaim(instance, { ...fast, seq });
      found.push({ type: "share", signer, claim, share: fast.share });
    }
  }
  return found;
}
