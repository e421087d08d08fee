import { createHash } from "node:crypto";
import { expect, test } from "vitest";
import { firstViewOf, sameViewIn } from "../../../kernel/configurations.ts";
import { FaultModel } from "../../../kernel/fault-model.ts";
import type { View } from "../../../kernel/ids.ts";
import { LATER } from "../../../wire/check.ts";
import { statementOf } from "../../../wire/claim.ts";
import { FIRST_VIEW_DIGEST, NewView, NewViewAck, ViewChange } from "../../../wire/view-change.ts";
import type { InstanceAddress, Members } from "../../agreement.ts";
import { successorOf } from "../configurations.ts";
import { viewChecks } from "./checks.ts";
import { departureClaim, openingClaim } from "./claims.ts";
import { Place } from "./place.ts";
import { baseOf, FIRST_BASE, isValidViewChange, type Law } from "./validity.ts";

// The broken variants of hybster.md 14 on re-admission, rule by rule. Replica 2 of three was admitted with configuration 1.

const N = 3;
const ADMITTED = 2;
const hash = (bytes: Uint8Array): string => createHash("sha256").update(bytes).digest("binary");
const first: View = firstViewOf(1, N);
const none = new Uint8Array(0);

function addressOf(members: Partial<Members> = {}): InstanceAddress {
  const all: Members = {
    configuration: 1,
    executed: 1,
    ownSince: 0,
    since: (replica, configuration) => (replica === ADMITTED && configuration > 0 ? 1 : 0),
    table: (configuration) => (configuration === 0 ? null : hash(Uint8Array.of(configuration))),
    ...members,
  };
  const faults = FaultModel.hybrid(N);
  return { instance: 0, home: 0, faults, members: all, lowOf: () => 0, probation: () => 0, hash };
}

const law: Law = {
  ...{ lowOf: () => 0, probation: () => 0, window: 16, noop: hash(none) },
  oldestBase: (sender, to) => (sender === ADMITTED && to >= first ? first : 0),
};

function leaving(sender: number, to: View, base: View = 0, baseDigest = FIRST_VIEW_DIGEST): ViewChange {
  const content = { sender, to, base, baseDigest, oLast: 0, anchor: null, prepares: [] };
  return ViewChange.of({ ...content, chain: [], old: { view: base, seq: 0 }, certificate: none }, hash);
}

function opening(view: View, ...viewChanges: readonly ViewChange[]): NewView {
  return NewView.of({ view, viewChanges, anchor: null, prepares: [], count: 1, certificate: none }, hash);
}

test("a subsystem has no voice before it is admitted, nor then in what was before", () => {
  const stranger = new Place(addressOf({ ownSince: Number.POSITIVE_INFINITY }), law);
  expect([stranger.counts, stranger.silent]).toEqual([false, true]);
  const place = new Place(addressOf({ ownSince: 1 }), law);
  expect([place.counts, place.silent]).toEqual([false, true]);
  place.base = baseOf(law, opening(first));
  expect([place.counts, place.silent]).toEqual([true, false]);
});

test("an identity departs on no base that is older than its admission", () => {
  expect(isValidViewChange(law, leaving(1, first), FIRST_BASE)).toBe(true);
  expect(isValidViewChange(law, leaving(ADMITTED, first), FIRST_BASE)).toBe(false);
  expect(isValidViewChange(law, leaving(ADMITTED, 1), FIRST_BASE)).toBe(true);
  const newView = opening(first, leaving(0, first), leaving(1, first));
  const later = leaving(ADMITTED, first + 1, first, newView.digest);
  expect(isValidViewChange(law, later, baseOf(law, newView))).toBe(true);
});

test("a configuration is opened by f + 1 that have left the one before, no fewer", () => {
  const address = addressOf();
  const prepareCheck = () => ({ type: "later" }) as const;
  const seals = [leaving(0, first), leaving(1, first)];
  expect(viewChecks(address, opening(first, ...seals), prepareCheck)).toHaveLength(3);
  expect(viewChecks(address, opening(first, ...seals.slice(0, 1)), prepareCheck)).toBeNull();
  const ofBefore = [leaving(0, first), leaving(1, sameViewIn(first, 0, N) + 1)];
  expect(viewChecks(address, opening(first, ...ofBefore), prepareCheck)).toBeNull();
});

test("certificates name the configuration, and departures its key table", () => {
  const preamble = { cluster: hash(none), configuration: 0 };
  const openings = [1, sameViewIn(1, 1, N)].map((view) =>
    statementOf(openingClaim(0, { view, digest: hash(none) }), preamble, hash),
  );
  expect(openings[0]).not.toEqual(openings[1]);
  const step = { to: first, digest: hash(none), old: { view: 0, seq: 0 } };
  const tables = [null, hash(Uint8Array.of(1)), hash(Uint8Array.of(2))].map((table) =>
    Buffer.from(statementOf(departureClaim(0, step, table), preamble, hash)).toString("hex"),
  );
  expect(new Set(tables).size).toBe(3);
});

test("what is of a configuration that is not known here is neither right nor wrong", () => {
  const address = addressOf({ configuration: 0, executed: 0 });
  const prepareCheck = () => ({ type: "later" }) as const;
  const ack = new NewViewAck({ view: first, digest: hash(none), sender: 1, certificate: none });
  for (const message of [leaving(1, first), opening(first, leaving(0, first), leaving(1, first)), ack]) {
    expect(viewChecks(address, message, prepareCheck)).toBe(LATER);
    expect(viewChecks(addressOf(), message, prepareCheck)).not.toBe(LATER);
  }
});

test("a ViewChange's steps lead up to its view: none is of a configuration that its view is not of", () => {
  const asked: number[] = [];
  const table = (configuration: number) => {
    asked.push(configuration);
    return null;
  };
  const address = addressOf({ configuration: 0, executed: 0, table });
  const prepareCheck = () => ({ type: "later" }) as const;
  const beyond = { to: first, digest: hash(none), old: { view: 0, seq: 0 }, certificate: none };
  const leave = leaving(1, 3);
  for (const [chain, fits] of [
    [[beyond], false],
    [[{ ...beyond, to: 4 }], false],
    [[{ ...beyond, to: 3 }], true],
  ] as const) {
    const checks = viewChecks(address, ViewChange.of({ ...leave, chain }, hash), prepareCheck);
    expect(checks !== null).toBe(fits);
  }
  expect(asked).not.toContain(1);
});

test("an admission that is executed seals the configuration before: same view, another primary only if it is new", () => {
  const address = addressOf();
  expect(successorOf(address, 0)).toBe(first);
  expect(successorOf(address, 4)).toBe(first + 4);
  expect(successorOf(address, 2)).toBe(first + 3);
  expect(successorOf(address, first)).toBeNull();
  expect(successorOf(addressOf({ executed: 0 }), 4)).toBeNull();
});
