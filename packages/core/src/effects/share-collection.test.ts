import { expect, test } from "vitest";
import { ShareCollection } from "./share-collection.ts";

const byte = (value: number): Uint8Array => Uint8Array.of(value);

test("the first share of each sender counts, few or many, apart by what they support, in the order of signers", () => {
  const shares = new ShareCollection();
  for (let sender = 20; sender > 0; sender -= 1) {
    expect(shares.add(sender, sender % 4 === 0 ? "b" : "a", byte(sender))).toBe(true);
    expect(shares.add(sender, "a", byte(99))).toBe(false);
  }
  expect(shares.supporting("b", 5)).toEqual(
    [4, 8, 12, 16, 20].map((signer) => ({ signer, share: byte(signer) })),
  );
  expect(shares.supporting("a", 15).length).toBe(15);
  expect(shares.supporting("c", 1)).toEqual([]);
});

test("as long as there are fewer than it takes, there are none", () => {
  const shares = new ShareCollection();
  shares.add(1, "a", byte(1));
  expect(shares.supporting("a", 2)).toEqual([]);
});

test("a condemned sender's share supports nothing, and no other of its is taken", () => {
  const shares = new ShareCollection();
  for (const sender of [1, 2, 3]) shares.add(sender, "a", byte(sender));
  shares.condemn([2]);
  expect(shares.supporting("a", 2).map(({ signer }) => signer)).toEqual([1, 3]);
  expect(shares.add(2, "a", byte(7))).toBe(false);
});

test("what is cleared begins anew", () => {
  const shares = new ShareCollection();
  for (let sender = 0; sender < 12; sender += 1) shares.add(sender, "a", byte(sender));
  shares.condemn([3]);
  shares.clear();
  expect(shares.supporting("a", 0)).toEqual([]);
  expect(shares.add(3, "a", byte(3))).toBe(true);
  expect(shares.supporting("a", 1)).toEqual([{ signer: 3, share: byte(3) }]);
});
