import { CATALOGUE, findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import type { OrderingProtocol } from "@destiny/core/ordering/orderer";
import { expect, test } from "vitest";
import { playSeeds } from "./campaign.ts";
import { replay } from "./replay.ts";
import { playSeed, type Subject } from "./subject.ts";

/** More of them: `CHECK_SEEDS=500 npx vitest run packages/check`; or `destiny check`. */
const SEEDS = Number(process.env["CHECK_SEEDS"] ?? 20);

test.each(CATALOGUE)(
  "$name: whatever goes wrong, no oracle sees anything",
  (protocol) => {
    for (const n of [4, 5]) {
      const { failures } = playSeeds({ protocol, n }, { first: 1, last: SEEDS / 2 });
      expect(failures, `${protocol.name} with ${n} replicas`).toEqual([]);
    }
  },
  600_000,
);

test("one seed, one run", () => {
  const subject = { protocol: present(findProtocol("destiny"), "a protocol"), n: 3 };
  const hashes = [7, 7, 8].map((seed) => playSeed(subject, seed).traceHash);
  expect(hashes[0]).toBe(hashes[1]);
  expect(hashes[0]).not.toBe(hashes[2]);
});

test("the canary: a protocol that lets one replica forget an entry now and then is caught, and the seed shrunk", () => {
  const protocol = present(findProtocol("single-linear-hybster"), "a protocol");
  const subject: Subject = { protocol: { ...protocol, ordering: forgetful(protocol.ordering) }, n: 5 };
  const { failures } = playSeeds(subject, { first: 1, last: 2 });
  const [first] = failures;
  expect(first?.finding?.oracle).toBe("S1 agreement");
  const shrunk = replay(subject, first?.seed ?? 1);
  const { plan, decisions, decisionsDrawn } = shrunk;
  expect(shrunk.shrunkFinding?.oracle).toBe("S1 agreement");
  expect(decisions.length).toBeLessThan(decisionsDrawn / 2);
  expect(plan.n).toBe(3);
  expect(plan.homes.length).toBeLessThanOrEqual(2);
}, 120_000);

/** Replica 1 does not execute every fifth slot. */
function forgetful(ordering: OrderingProtocol): OrderingProtocol {
  return {
    name: "forgetful",
    create: (context) => {
      if (context.self !== 1) return ordering.create(context);
      const sequel: typeof context.sequel = Object.create(context.sequel);
      sequel.execute = (delivery) => {
        if (delivery.seq % 5 !== 0) context.sequel.execute(delivery);
      };
      return ordering.create({ ...context, sequel });
    },
  };
}
