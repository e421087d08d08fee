import type { Effect } from "@destiny/core/effects/effects";
import type { InstanceId, SequenceNumber } from "@destiny/core/kernel/ids";
import type { Random } from "@destiny/core/kernel/random";
import type { Claim, SlotClaim } from "@destiny/core/wire/claim";
import { type Message, MessageKind, Proposal } from "@destiny/core/wire/messages";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { type Behaviour, type Powers, type Sending, toEach } from "./behaviour.ts";

/** Where the digest is in what a slot's certificate signs (linear-hybster.md 2). */
const DIGEST_AT = 14;
const SLOT_BYTES = 52;

/**
 * As primary, proposes something else than the code underneath has in mind: lists with entries doubled, left out, reordered
 * or made up, and nothing at all. It asks its subsystem for that at once, so that it is certified as well as anything.
 */
export function slotThief(powers: Powers): Behaviour {
  const { random, n } = powers;
  const rate = (10 + random.below(60)) / 100;
  /** Instead of the proposals of which these are the places. */
  const stolen = new Map<string, Value>();
  const drafts = new Map<string, Proposal>();

  return {
    does(effect) {
      if (effect.type === "persist" && effect.record.message instanceof Proposal) {
        drafts.set(placeOf(effect.record.instance, effect.record.seq), effect.record.message);
      }
      return effect.type === "certify" ? certify(effect, effect.claim) : null;
    },
    sends(sending) {
      const { instance, message } = sending;
      if (!(message instanceof Proposal) || message.kind !== MessageKind.Prepare) return null;
      const value = stolen.get(placeOf(instance, message.seq));
      if (value === undefined || message.value === null) return null;
      return instead(sending, new Proposal({ ...message, value, digest: value.digest }));
    },
  };

  function certify(effect: Effect & { type: "certify" }, claim: Claim): readonly Effect[] | null {
    if (claim.type !== "slot" || claim.message.length !== SLOT_BYTES) return null;
    const place = placeOf(claim.instance, claim.value.seq);
    const draft = drafts.get(place);
    if (draft === undefined || draft.certificate.length > 0 || draft.value === null) return null;
    if (stolen.has(place) || !random.chance(rate)) return null;
    const value = claim.instance === n ? otherList(draft.value) : Value.of(new Uint8Array(0), digestOf);
    stolen.set(place, value);
    return [{ ...effect, claim: withDigest(claim, value) }];
  }

  function instead(sending: Sending, message: Message): readonly Effect[] {
    return toEach(sending, powers, () => message);
  }

  /** Entries of references are 9 bytes each, after their count. */
  function otherList(value: Value): Value {
    const count = new DataView(value.bytes.buffer, value.bytes.byteOffset).getUint32(0, true);
    if (value.bytes.length !== 4 + count * 9) return Value.of(new Uint8Array(4), digestOf);
    const entries: Uint8Array[] = Array.from({ length: count }, (_, i) =>
      value.bytes.slice(4 + i * 9, 13 + i * 9),
    );
    shuffle(entries, random);
    const bytes = new Uint8Array(4 + entries.length * 9);
    new DataView(bytes.buffer).setUint32(0, entries.length, true);
    for (const [i, entry] of entries.entries()) bytes.set(entry, 4 + i * 9);
    return Value.of(bytes, digestOf);
  }
}

/** Reordered, one left out, one made up, or one doubled. */
function shuffle(entries: Uint8Array[], random: Random): void {
  const last = entries[entries.length - 1];
  if (last === undefined) return;
  const choice = random.below(4);
  if (choice === 0) entries.reverse();
  else if (choice === 1) entries.splice(random.below(entries.length), 1);
  else entries.push(choice === 2 ? nextOf(last) : last);
}

function nextOf(entry: Uint8Array): Uint8Array {
  const next = entry.slice();
  const at = new DataView(next.buffer);
  at.setUint32(3, at.getUint32(3, true) + 1, true);
  return next;
}

function placeOf(instance: InstanceId, seq: SequenceNumber): string {
  return `${instance} ${seq}`;
}

function withDigest(claim: SlotClaim, value: Value): SlotClaim {
  const message = claim.message.slice();
  message.set(Buffer.from(value.digest, "latin1"), DIGEST_AT);
  return { ...claim, message };
}
