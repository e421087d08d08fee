import { encodeBatch, requestsOf } from "@destiny/core/wire/batch";
import { type Message, Proposal, Vote } from "@destiny/core/wire/messages";
import { SbftShare } from "@destiny/core/wire/sbft";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { type Behaviour, type Powers, someOthers, toEach } from "./behaviour.ts";

/** Tells one half of the replicas another value than the other half, in proposals and in votes. */
export function equivocator(powers: Powers): Behaviour {
  const { n, random, resigned } = powers;
  const deceived = someOthers(1 + random.below(Math.max(1, n - 2)), powers);
  /** The other value's digest, by the true one's. */
  const others = new Map<string, string>();
  return {
    sends(sending) {
      const { instance, message } = sending;
      const other = otherwise(message, others);
      if (other === null) return null;
      const signed = resigned(instance, other);
      return toEach(sending, powers, (to) => (deceived.has(to) ? signed : message));
    },
  };
}

function otherwise(message: Message, others: Map<string, string>): Message | null {
  if (message instanceof Proposal && message.value !== null) {
    const value = otherValue(message.value);
    others.set(message.digest, value.digest);
    return new Proposal({ ...message, value, digest: value.digest });
  }
  if (message instanceof Vote || message instanceof SbftShare) {
    const digest = others.get(message.digest) ?? digestOf(new TextEncoder().encode(message.digest));
    return message instanceof Vote ? new Vote({ ...message, digest }) : new SbftShare({ ...message, digest });
  }
  return null;
}

/** A value that says less: a batch without its first request, or nothing at all. */
function otherValue(value: Value): Value {
  // A copy: a value remembers its reading, and what was read elsewhere may have been a list of references.
  const requests = requestsOf(Value.of(value.bytes, digestOf), digestOf);
  if (requests.length > 1) return encodeBatch(requests.slice(1), digestOf);
  return Value.of(new Uint8Array(0), digestOf);
}
