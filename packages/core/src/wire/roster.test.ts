import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { decodeRoster, encodeRoster, GENESIS_ROSTER, Roster } from "./roster.ts";
import type { SubsystemIdentity } from "./subsystem-identity.ts";
import type { Hash } from "./value.ts";

const hash: Hash = (bytes) => createHash("sha256").update(bytes).digest("binary");

function subsystem(bootEpoch: number): SubsystemIdentity {
  const key = Uint8Array.of(bootEpoch);
  const keys = { identityKey: key, shareKey: key, shareProof: new Uint8Array(0), attestation: key };
  return { bootEpoch, tier: 1, ...keys };
}

const epochs = (roster: Roster, replica: number): (number | null | undefined)[] =>
  Array.from({ length: roster.configuration + 2 }, (_, configuration) => {
    const identity = roster.identity(replica, configuration);
    return identity === null || identity === undefined ? identity : identity.bootEpoch;
  });

test("each configuration has the identities that were admitted up to it, and the genesis' before", () => {
  const roster = GENESIS_ROSTER.admit(1, subsystem(11), 5)
    .admit(2, subsystem(21), 6)
    .admit(1, subsystem(12), 40);
  expect(epochs(roster, 0)).toEqual([null, null, null, null, undefined]);
  expect(epochs(roster, 1)).toEqual([null, 11, 11, 12, undefined]);
  expect(epochs(roster, 2)).toEqual([null, null, 21, 21, undefined]);
  expect(roster.of(1)).toMatchObject({ admissions: 2, seq: 40 });
});

test("identities that are too old are forgotten, and that is known", () => {
  let roster = GENESIS_ROSTER;
  for (let epoch = 1; epoch <= 6; epoch += 1) roster = roster.admit(0, subsystem(epoch), epoch);
  expect(epochs(roster, 0)).toEqual([undefined, undefined, undefined, 3, 4, 5, 6, undefined]);
  expect(roster.of(0)?.admissions).toBe(6);
});

test("tables differ from one configuration to the next, and stay what they were", () => {
  const one = GENESIS_ROSTER.admit(1, subsystem(11), 5);
  const two = one.admit(2, subsystem(21), 6);
  const tables = [0, 1, 2].map((configuration) => two.table(configuration, hash));
  expect(tables[0]).toBeNull();
  expect(new Set(tables).size).toBe(3);
  expect(one.table(1, hash)).toBe(tables[1]);
  expect(GENESIS_ROSTER.admit(1, subsystem(12), 5).table(1, hash)).not.toBe(tables[1]);
});

test("a page has one spelling", () => {
  const roster = GENESIS_ROSTER.admit(2, subsystem(21), 6).admit(1, subsystem(11), 7);
  expect(decodeRoster(encodeRoster(roster))).toStrictEqual(roster);
  expect(decodeRoster(encodeRoster(GENESIS_ROSTER))).toStrictEqual(GENESIS_ROSTER);
  const swapped = new Roster(2, [...roster.members].reverse());
  expect(() => decodeRoster(encodeRoster(swapped))).toThrow("out of order");
  expect(() => decodeRoster(encodeRoster(roster).subarray(1))).toThrow();
});
