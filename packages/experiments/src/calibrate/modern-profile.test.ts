import { parseProfile } from "@destiny/simulator/machine/cost-profile";
import { priceList } from "@destiny/simulator/machine/tariff";
import { expect, test } from "vitest";
import { type Costs, modernProfile } from "./modern-profile.ts";

const COSTS: Costs = {
  transport: {
    ...{ sendMicros: 1, receiveMicros: 2, sendNanosPerByte: 3, receiveNanosPerByte: 4 },
    ...{ wakeMicros: 50, readMicros: 6, flushMicros: 7 },
  },
  signer: { hostMicros: 1, signerMicros: 1, delayMicros: 1 },
  store: { micros: 1, nanosPerByte: 1, delayMicros: 1 },
  crypto: {
    ...{ sign: 10, verify: 20, share: 30, certificate: 40 },
    ...{ combine: 50, combinePerShare: 60, hashNanosPerByte: 0 },
  },
  code: {
    ...{ codec: 1, batchNanosPerByte: 1, batchPerRequest: 1, batchWriteNanosPerByte: 1 },
    ...{ protocol: 1, executePerCommand: 1, executePerRequest: 1 },
  },
};

test("what a lone frame costs is a price of the loop's rounds, and of clients, who are alone", () => {
  const prices = priceList(parseProfile(modernProfile(COSTS)), true);
  expect(prices.rounds).toEqual({ wake: 50, read: 6, flush: 7 });
  expect(prices.sign.beside.ofBytes(0)).toBe(10 + 1 + 7);
  expect(prices.verify.beside.ofBytes(0)).toBe(40 + 2 + 6 + 50);
});
