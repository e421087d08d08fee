import type { Effect } from "@destiny/core/effects/effects";
import type { InstanceId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { Claim, SlotClaim, UniqueClaim } from "@destiny/core/wire/claim";
import type { ClientMessage } from "@destiny/core/wire/client-protocol";
import { type Message, MessageKind, Proposal } from "@destiny/core/wire/messages";
import type { Value } from "@destiny/core/wire/value";
import { type Behaviour, type Powers, type Sending, toEach } from "./behaviour.ts";
import { Loot } from "./loot.ts";

/** Where the digest is in what certifies a proposal (linear-hybster.md 2, hybster.md 2). */
const DIGEST_AT = 14;
const SLOT_BYTES = 52;

/**
 * As primary, proposes something else than the code underneath has in mind: lists and batches with
 * entries doubled, left out, reordered or made up, and nothing at all. It asks its subsystem for that at once, so that it is certified as well as anything.
 */
export function slotThief(powers: Powers): Behaviour {
  const { random, n, resigned } = powers;
  const rate = (10 + random.below(60)) / 100;
  /** Instead of the proposals of which these are the places. */
  const stolen = new Map<string, Value>();
  const drafts = new Map<string, Proposal>();
  const loot = new Loot(n, random);

  return {
    does(effect) {
      if (effect.type === "persist" && effect.record.message instanceof Proposal) {
        drafts.set(placeOf(effect.record.instance, effect.record.seq), effect.record.message);
      }
      return effect.type === "certify" ? certify(effect, effect.claim) : null;
    },
    sends(sending) {
      const { instance, message } = sending;
      if (!(message instanceof Proposal)) return null;
      if (message.kind === MessageKind.PrePrepare) return signAnother(sending, message);
      const value = stolen.get(placeOf(instance, message.seq));
      if (value === undefined || message.value === null) return null;
      return instead(sending, new Proposal({ ...message, value, digest: value.digest }));
    },
    overhears: ({ from, content }) => {
      if (from >= n) loot.hear(content as ClientMessage);
    },
  };

  /** Where no counter binds it, it may sign what it likes as it sends it. */
  function signAnother(sending: Sending, proposal: Proposal): readonly Effect[] | null {
    const place = placeOf(sending.instance, proposal.seq);
    if (proposal.value === null || (!stolen.has(place) && !random.chance(rate))) return null;
    const value = stolen.get(place) ?? loot.instead(proposal.value, sending.instance === n);
    stolen.set(place, value);
    const other = new Proposal({ ...proposal, value, digest: value.digest });
    return instead(sending, resigned(sending.instance, other));
  }

  function certify(effect: Effect & { type: "certify" }, claim: Claim): readonly Effect[] | null {
    if ((claim.type !== "slot" && claim.type !== "unique") || claim.message.length !== SLOT_BYTES)
      return null;
    const place = placeOf(claim.instance, claim.value.seq);
    const draft = drafts.get(place);
    if (draft === undefined || draft.certificate.length > 0 || draft.value === null) return null;
    if (stolen.has(place) || !random.chance(rate)) return null;
    const value = loot.instead(draft.value, claim.instance === n);
    stolen.set(place, value);
    return [{ ...effect, claim: withDigest(claim, value) }];
  }

  function instead(sending: Sending, message: Message): readonly Effect[] {
    return toEach(sending, powers, () => message);
  }
}

function placeOf(instance: InstanceId, seq: SequenceNumber): string {
  return `${instance} ${seq}`;
}

function withDigest(claim: SlotClaim | UniqueClaim, value: Value): SlotClaim | UniqueClaim {
  const message = claim.message.slice();
  message.set(Buffer.from(value.digest, "latin1"), DIGEST_AT);
  return { ...claim, message };
}
