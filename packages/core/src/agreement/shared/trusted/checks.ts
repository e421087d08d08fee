import type { ReplicaId } from "../../../kernel/ids.ts";
import { type Anchor, anchorCheck } from "../../../wire/anchor.ts";
import { type Check, LATER } from "../../../wire/check.ts";
import { type Message, type Proposal, Pull } from "../../../wire/messages.ts";
import {
  Body,
  FetchBodies,
  FetchNewView,
  FIRST_VIEW_DIGEST,
  NewView,
  NewViewAck,
  ViewChange,
} from "../../../wire/view-change.ts";
import type { InstanceAddress } from "../../agreement.ts";
import { isOfLaterConfiguration, tableOf } from "../configurations.ts";
import { primaryOf } from "../primary.ts";
import { ackClaim, departureClaim, openingClaim } from "./claims.ts";

/** Requests, and values that their digests speak for. */
const UNSIGNED = [Pull, FetchBodies, Body, FetchNewView] as const;

/** What must hold for a header to be its primary's: the protocol knows what that certifies. */
export type PrepareCheck = (address: InstanceAddress, prepare: Proposal) => Check;

/**
 * What must hold for a message of view changes, or one that asks for something or serves a value, to be authentic; null if it
 * is none of these, or of no possible form.
 */
export function viewChecks(
  address: InstanceAddress,
  message: Message,
  prepareCheck: PrepareCheck,
): readonly Check[] | null {
  if (UNSIGNED.some((form) => message instanceof form)) return [];
  if (message instanceof ViewChange) {
    if (isOfLaterConfiguration(address, message.to)) return LATER;
    return new Gathering(address, prepareCheck).viewChange(message);
  }
  if (message instanceof NewView) {
    if (isOfLaterConfiguration(address, message.view)) return LATER;
    return new Gathering(address, prepareCheck).newView(message);
  }
  return message instanceof NewViewAck ? ackChecks(address, message) : null;
}

function ackChecks(address: InstanceAddress, ack: NewViewAck): readonly Check[] | null {
  if (ack.sender >= address.faults.n || ack.view === 0) return null;
  if (isOfLaterConfiguration(address, ack.view)) return LATER;
  const { sender: signer, certificate } = ack;
  return [{ type: "identity", signer, claim: ackClaim(address.instance, ack), certificate }];
}

/** Collects the checks of messages in messages: what several of them share is checked once. */
class Gathering {
  readonly #address: InstanceAddress;
  readonly #prepareCheck: PrepareCheck;
  readonly #checks: Check[] = [];
  readonly #seen = new Set<Proposal | Anchor>();

  constructor(address: InstanceAddress, prepareCheck: PrepareCheck) {
    this.#address = address;
    this.#prepareCheck = prepareCheck;
  }

  viewChange(message: ViewChange): readonly Check[] | null {
    return this.#addViewChange(message) ? this.#checks : null;
  }

  newView(message: NewView): readonly Check[] | null {
    const { view, viewChanges, prepares, certificate } = message;
    const { instance, faults } = this.#address;
    const senders = new Set(viewChanges.map(({ sender }) => sender));
    const fitting = viewChanges.every(({ to }) => to === view);
    if (view === 0 || senders.size !== viewChanges.length || senders.size !== faults.oneCorrect) return null;
    if (!(fitting && isSequence(prepares, view) && viewChanges.every((each) => this.#addViewChange(each)))) {
      return null;
    }
    if (!this.#addAnchor(message.anchor)) return null;
    this.#addPrepares(prepares);
    const signer = primaryOf(this.#address, view);
    this.#checks.push({ type: "identity", signer, claim: openingClaim(instance, message), certificate });
    return this.#checks;
  }

  #addViewChange(message: ViewChange): boolean {
    const { sender, to, base, baseDigest, prepares, chain } = message;
    if (sender >= this.#address.faults.n || to <= base || !isSequence(prepares, base)) return false;
    // What lies beyond may be of a configuration whose key table is not known here yet.
    if (chain.some((link) => link.to > to)) return false;
    if (base === 0 && baseDigest !== FIRST_VIEW_DIGEST) return false;
    if (!this.#addAnchor(message.anchor)) return false;
    this.#addPrepares(prepares);
    for (const link of [...chain, message.link]) this.#addLink(sender, link);
    return true;
  }

  #addLink(signer: ReplicaId, link: ViewChange["link"]): void {
    const claim = departureClaim(this.#address.instance, link, tableOf(this.#address, link.to));
    this.#checks.push({ type: "identity", signer, claim, certificate: link.certificate });
  }

  #addPrepares(prepares: readonly Proposal[]): void {
    for (const prepare of prepares) {
      if (this.#seen.has(prepare)) continue;
      this.#seen.add(prepare);
      this.#checks.push(this.#prepareCheck(this.#address, prepare));
    }
  }

  #addAnchor(anchor: Anchor | null): boolean {
    if (anchor === null || this.#seen.has(anchor)) return true;
    if (this.#address.lowOf(anchor) === null) return false;
    this.#seen.add(anchor);
    this.#checks.push(anchorCheck(this.#address.faults, anchor));
    return true;
  }
}

/** Headers of one view, without gaps. */
function isSequence(prepares: readonly Proposal[], view: number): boolean {
  const first = prepares[0]?.seq ?? 1;
  return (
    first >= 1 && prepares.every((prepare, index) => prepare.view === view && prepare.seq === first + index)
  );
}
