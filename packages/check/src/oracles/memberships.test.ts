import { expect, test } from "vitest";
import { Memberships, type Wish } from "./memberships.ts";
import { digest, signed, slot, trippedBy } from "./test-bed.ts";
import { VoteLedger } from "./vote-ledger.ts";

const N = 3;
const HOST = 2;
/** First view of configuration 1: views of each are a multiple of n. */
const NEXT = 2 ** 32 - 1;
const A = digest("a");
const WISH: Wish = { replica: HOST, predecessor: 1, epoch: 2, valid: true };

function open(newest = 9): Memberships {
  const hostKeys = [0, 1, HOST].map((replica) => digest(`host ${replica}`));
  return new Memberships({ n: N, hostKeys, newest: () => newest });
}

test("an identity speaks in the views of configurations that have it, and no other does there", () => {
  const members = open();
  expect(members.execute(HOST, WISH, 5)).toBe(true);
  expect([members.configurationOf(NEXT - 1), members.configurationOf(NEXT)]).toEqual([0, 1]);
  expect([members.speaks(HOST, 1, 7), members.speaks(HOST, 2, 7)]).toEqual([true, false]);
  expect([members.speaks(HOST, 1, NEXT), members.speaks(HOST, 2, NEXT)]).toEqual([false, true]);
  expect(members.speaks(0, 1, NEXT)).toBe(true);
});

test("admitted is only who is in order: by the own host, in the place of the present one, new, and not too soon", () => {
  const members = open();
  expect(members.hostOf(digest("host 2"))).toBe(HOST);
  for (const wrong of [{ replica: 1 }, { predecessor: 2 }, { epoch: 1 }, { valid: false }]) {
    expect(members.execute(HOST, { ...WISH, ...wrong }, 5)).toBe(false);
  }
  expect(members.execute(HOST, WISH, 5)).toBe(true);
  const second = { ...WISH, predecessor: 2, epoch: 3 };
  expect(members.execute(HOST, second, 12)).toBe(false);
  expect(members.execute(HOST, second, 13)).toBe(true);
  const third = { ...WISH, predecessor: 3, epoch: 4 };
  expect(members.execute(HOST, third, 28)).toBe(false);
  expect(members.execute(HOST, { ...third, epoch: 1 }, 29)).toBe(false);
  expect(members.execute(HOST, third, 29)).toBe(true);
  expect(members.configuration).toBe(3);
});

test("S3: a subsystem that its replica never had is admitted", () => {
  expect(trippedBy(() => open(1).execute(HOST, WISH, 5))).toBe("S3 certificate soundness");
});

test("S2: votes count in views of configurations that have the identity, early ones once it is admitted", () => {
  const members = open();
  const votes = new VoteLedger(N, 2, members);
  const vote = (epoch: number, view: number): void =>
    votes.signed({ ...signed(HOST, slot(0, view, 5, A)), bootEpoch: epoch });
  votes.signed(signed(0, slot(0, 0, 5, A)));
  vote(2, 0);
  expect(votes.certified(0, 5)).toBeNull();
  votes.signed(signed(0, slot(0, NEXT, 5, A)));
  vote(1, NEXT);
  vote(2, NEXT);
  expect(votes.certified(0, 5)).toBeNull();
  members.execute(HOST, WISH, 4);
  expect(votes.certified(0, 5)).toBe(A);
  expect(votes.voters({ instance: 0, view: NEXT, seq: 5, digest: A, extension: 0 })).toBe(2);
});
