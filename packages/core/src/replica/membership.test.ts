import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import type { Effect } from "../effects/effects.ts";
import { Admission } from "../wire/admission.ts";
import { decodeRoster } from "../wire/roster.ts";
import type { SubsystemIdentity } from "../wire/subsystem-identity.ts";
import type { Hash } from "../wire/value.ts";
import { Membership } from "./membership.ts";

const hash: Hash = (bytes) => createHash("sha256").update(bytes).digest("binary");
const N = 3;
const hostKey = (replica: number): string => `${replica}`.repeat(32);

function identity(bootEpoch: number, key = bootEpoch): SubsystemIdentity {
  const bytes = Uint8Array.of(key);
  const keys = { identityKey: bytes, shareKey: bytes, shareProof: new Uint8Array(0), attestation: bytes };
  return { bootEpoch, tier: 1, ...keys };
}

function membership(own = identity(1, 100)): { members: Membership; effects: Effect[] } {
  const effects: Effect[] = [];
  const genesis = Array.from({ length: N }, (_, id) => ({ hostKey: hostKey(id), ...identity(1, 100 + id) }));
  const push = (effect: Effect): void => void effects.push(effect);
  return { members: new Membership({ self: 0, hash, identities: { genesis, own }, push }), effects };
}

function admission(
  replica: number,
  predecessor: number,
  subsystem: SubsystemIdentity,
  valid = true,
): Admission {
  const made = new Admission(replica, predecessor, subsystem);
  made.valid = valid;
  return made;
}

test("an admission that is in order makes a configuration, durable before it is used", () => {
  const { members, effects } = membership();
  expect(members.admit(admission(1, 1, identity(7)), hostKey(1), 5)).toBe(true);
  expect(members.configuration).toBe(1);
  expect(effects.map(({ type }) => type)).toEqual(["persist", "configure"]);
  expect([members.since(1, 0), members.since(1, 1), members.since(0, 1)]).toEqual([0, 1, 0]);
});

const cases: [string, Admission, string][] = [
  ["signed by another host", admission(1, 1, identity(7)), hostKey(2)],
  ["signed by a client", admission(1, 1, identity(7)), "x".repeat(32)],
  ["not attested", admission(1, 1, identity(7), false), hostKey(1)],
  ["in the place of another identity", admission(1, 2, identity(7)), hostKey(1)],
  ["of the present identity", admission(1, 1, identity(1, 9)), hostKey(1)],
  ["with the keys of another replica", admission(1, 1, identity(7, 102)), hostKey(1)],
  ["with its own old keys", admission(1, 1, identity(7, 101)), hostKey(1)],
];
test.each(cases)("one that is %s is skipped", (_, made, key) => {
  const { members, effects } = membership();
  expect(members.admit(made, key, 5)).toBe(false);
  expect([members.configuration, effects.length]).toEqual([0, 0]);
});

test("an identity is never revived, and each return takes longer", () => {
  const { members } = membership();
  const first = admission(1, 1, identity(7));
  expect(members.admit(first, hostKey(1), 5)).toBe(true);
  expect(members.admit(first, hostKey(1), 500)).toBe(false);
  expect(members.admit(admission(1, 7, identity(8)), hostKey(1), 12)).toBe(false);
  expect(members.admit(admission(1, 7, identity(8)), hostKey(1), 13)).toBe(true);
  expect(members.admit(admission(1, 8, identity(7)), hostKey(1), 500)).toBe(false);
  expect(members.admit(admission(1, 8, identity(9)), hostKey(1), 28)).toBe(false);
  expect(members.admit(admission(1, 8, identity(9)), hostKey(1), 29)).toBe(true);
  expect(members.admit(admission(2, 1, identity(20)), hostKey(2), 29)).toBe(true);
});

test("who has another subsystem than the table says is a stranger until it is admitted", () => {
  const { members } = membership(identity(7));
  expect(members.ownSince).toBe(Number.POSITIVE_INFINITY);
  members.admit(admission(1, 1, identity(30)), hostKey(1), 5);
  members.admit(admission(0, 1, identity(7)), hostKey(0), 6);
  expect(members.ownSince).toBe(2);
  members.admit(admission(0, 7, identity(8)), hostKey(0), 60);
  expect(members.ownSince).toBe(Number.POSITIVE_INFINITY);
});

test("a restart goes back to its checkpoint, and knows the tables that it knew", () => {
  const { members } = membership();
  const page = members.page(0);
  members.admit(admission(1, 1, identity(7)), hostKey(1), 5);
  const after = members.page(0);
  const { members: again, effects } = membership();
  again.load([page]);
  again.recover(decodeRoster(after));
  again.start();
  expect([again.executed, again.configuration]).toEqual([0, 1]);
  expect(effects.map(({ type }) => type)).toEqual(["configure"]);
  expect(again.admit(admission(1, 1, identity(7)), hostKey(1), 5)).toBe(true);
  expect(again.page(0)).toEqual(after);
});

test("the table of a configuration that is not known yet has no digest, and asking for it changes nothing", () => {
  const { members } = membership();
  const { members: unasked } = membership();
  expect(members.table(1)).toBeNull();
  for (const each of [members, unasked]) each.admit(admission(1, 1, identity(7)), hostKey(1), 5);
  expect(members.table(1)).not.toBeNull();
  expect(members.table(1)).toBe(unasked.table(1));
});
