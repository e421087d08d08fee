import { anchorCheck } from "../../wire/anchor.ts";
import type { Check } from "../../wire/check.ts";
import { Certificate, type Message, MessageKind, Proposal, Pull, Vote } from "../../wire/messages.ts";
import {
  CommitStatement,
  FetchStatement,
  PbftNewView,
  PbftStatus,
  PbftViewChange,
  PbftViewChangeAck,
  PbftViewChangeForward,
  type PreparedCertificate,
  type Signed,
} from "../../wire/pbft.ts";
import { decodeStatements } from "../../wire/pbft-codec.ts";
import { Body, FetchBodies, FetchNewView } from "../../wire/view-change.ts";
import type { InstanceAddress } from "../agreement.ts";
import { primaryOf } from "../shared/primary.ts";
import { openShare } from "../shared/signed-share.ts";
import { identity, newViewChecks, proposalChecks } from "../shared/untrusted/checks.ts";
import { headerClaim } from "../shared/untrusted/claims.ts";
import { commitClaim, prepareClaim, viewChangeClaim } from "./claims.ts";

/** Who answers for a message: the channel that it came through, or a signature that can be shown to others. */
export type Authentication = "mac" | "signature";

/** Messages that are authentic by their channel in both variants. */
const PLAIN = [PbftViewChangeAck, Pull, PbftStatus, FetchStatement, FetchBodies, Body, FetchNewView];

/** What must hold for a message of PBFT to be authentic beyond its channel; null if it is none, or none of this variant. */
export function checks(
  authentication: Authentication,
  address: InstanceAddress,
  message: Message,
): readonly Check[] | null {
  if (message instanceof Vote) return voteChecks(authentication, address, message);
  if (message instanceof PbftViewChange) return viewChangeChecks(authentication, address, message);
  if (message instanceof PbftViewChangeForward) {
    return viewChangeChecks(authentication, address, message.viewChange);
  }
  return signedChecks(address, message);
}

/** Of messages that are signed in both variants, and of those that never are. */
function signedChecks(address: InstanceAddress, message: Message): readonly Check[] | null {
  if (message instanceof Proposal) return proposalChecks(address, message);
  if (message instanceof Certificate) return evidenceChecks(address, message);
  if (message instanceof PbftNewView) return newViewChecks(address, message);
  if (message instanceof CommitStatement) {
    return message.signer < address.faults.n ? [statementCheck(address, message)] : null;
  }
  return PLAIN.some((kind) => message instanceof kind) ? [] : null;
}

function voteChecks(
  authentication: Authentication,
  address: InstanceAddress,
  message: Vote,
): readonly Check[] | null {
  if (message.kind === MessageKind.PbftDecided) return message.share.length === 0 ? [] : null;
  const isPrepare = message.kind === MessageKind.PbftPrepare;
  if (!isPrepare && message.kind !== MessageKind.PbftCommit) return null;
  if (authentication === "mac") return message.share.length === 0 ? [] : null;
  const opened = openShare(message.share);
  if (opened === null || opened.signer >= address.faults.n) return null;
  const claim = isPrepare ? prepareClaim(address.instance, message) : commitClaim(address.instance, message);
  return [identity(opened.signer, claim, opened.signature)];
}

/** One correct replica, at least, has sent Commit: what `f + 1` of them say any of them may say (dqbft.md H30). */
function evidenceChecks(address: InstanceAddress, message: Certificate): readonly Check[] | null {
  if (message.kind !== MessageKind.PbftEvidence) return null;
  const statements = decodeStatements(message);
  if (statements === null || statements.length < address.faults.oneCorrect) return null;
  if (!distinct(statements, address.faults.n)) return null;
  return statements.map((each) => statementCheck(address, each));
}

function statementCheck(address: InstanceAddress, statement: CommitStatement): Check {
  const { signer, signature } = statement;
  return identity(signer, commitClaim(address.instance, statement), signature);
}

function viewChangeChecks(
  authentication: Authentication,
  address: InstanceAddress,
  message: PbftViewChange,
): readonly Check[] | null {
  if (message.sender >= address.faults.n) return null;
  const { anchor } = message;
  const checksOfAll: Check[] = anchor === null ? [] : [anchorCheck(address.faults, anchor)];
  if (authentication === "mac") return message.signature.length === 0 ? checksOfAll : null;
  checksOfAll.push(identity(message.sender, viewChangeClaim(address, message), message.signature));
  for (const prepared of message.prepared) {
    const own = preparedChecks(address, prepared);
    if (own === null) return null;
    checksOfAll.push(...own);
  }
  return checksOfAll;
}

/** A pre-prepare's header and enough signed Prepares: not the primary's, whose pre-prepare is its Prepare (pbft.md 12.4). */
function preparedChecks(address: InstanceAddress, prepared: PreparedCertificate): readonly Check[] | null {
  const { instance, faults } = address;
  const primary = primaryOf(address, prepared.view);
  const { votes } = prepared;
  if (votes.length < faults.quorumBeside(1) || !distinct(votes, faults.n)) return null;
  if (votes.some(({ signer }) => signer === primary)) return null;
  const claim = prepareClaim(instance, prepared);
  const header = identity(primary, headerClaim(instance, prepared), prepared.certificate);
  return [header, ...votes.map(({ signer, signature }) => identity(signer, claim, signature))];
}

/** In ascending order of signers, all of them replicas of the cluster. */
function distinct(signed: readonly Pick<Signed, "signer">[], n: number): boolean {
  return signed.every(({ signer }, i) => signer < n && signer > (signed[i - 1]?.signer ?? -1));
}
