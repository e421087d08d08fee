import { expect, test } from "vitest";
import type { CostProfile } from "./cost-profile.ts";
import { priceList } from "./tariff.ts";

const SOURCE = { source: "this test" };

function profile(other: CostProfile["other"]): CostProfile {
  return {
    ...{ name: "test", about: "round numbers" },
    processors: { count: 2, workers: 1, shared: false, ...SOURCE },
    overhead: { factor: 2, ...SOURCE },
    lanes: { per: "counter", payloadInside: false, delayMicros: 0, ...SOURCE },
    network: { interfaceGbitPerSecond: 1, overheadBytes: 0, messageBytesMin: 0, ...SOURCE },
    sizes: {
      ...{ share: 1, aggregate: 1, resultShare: 1, resultAggregate: 1, certificate: 1 },
      ...{ commandOverhead: 0, resultPerCommand: 0, ...SOURCE },
    },
    ...{ receive: {}, send: {}, prepare: {}, certify: {}, combine: {}, other },
  };
}

test("rounds cost nothing unless the profile names them: no default stands in", () => {
  const five = { loop: { micros: 5 }, ...SOURCE };
  expect(priceList(profile({ default: five }), true).rounds).toEqual({ wake: 0, read: 0, flush: 0 });
  expect(priceList(profile({ wake: five }), true).rounds).toEqual({ wake: 10, read: 0, flush: 0 });
  expect(priceList(profile({ wake: five }), false).rounds.wake).toBe(0);
});
