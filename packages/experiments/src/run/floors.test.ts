import { openWan } from "@destiny/simulator/network/wan";
import { expect, test } from "vitest";
import type { Scenario } from "./scenario.ts";
import { simulate } from "./simulate.ts";

const SECOND = 1_000_000;

/**
 * Evaluation.md 3.3: the least latency at N = 97 with replicas spread evenly over Azure's regions, if nothing takes time but the
 * way. Milliseconds.
 */
const FLOORS: Readonly<Record<string, Readonly<Record<string, number>>>> = {
  destiny: {
    ...{ canadacentral: 136.8, canadaeast: 144.8, eastus: 129, southcentralus: 130.2, westus: 140.5 },
    ...{ westus2: 140.5, uksouth: 206, northeurope: 186, westeurope: 216, southeastasia: 339 },
  },
  dqpbft: {
    ...{ canadacentral: 153.2, canadaeast: 162.2, eastus: 140.5, southcentralus: 163.5, westus: 178.8 },
    ...{ westus2: 178.8, uksouth: 190.8, northeurope: 181.8, westeurope: 197.2, southeastasia: 324.5 },
  },
};

/** So few requests that they hardly meet, and no time in which anybody collects. */
function scenarioOf(protocol: string): Scenario {
  return {
    ...{ protocol, replicas: 97, seed: 4, duration: 31 * SECOND, warmUp: SECOND, wan: "azure" },
    ...{ profile: "paper-2022", without: ["cpu", "bandwidth"], batch: 200, bundle: 200, payloadBytes: 512 },
    load: { type: "open", requestsPerSecond: 1 },
    ...{ events: [], exact: true },
    parameters: { orderBatchDelay: 0, statusPeriod: 100 * SECOND },
  };
}

test.each(Object.keys(FLOORS))(
  "%s at N = 97, network alone: within 3 % of the least latency that there can be, in every region",
  (protocol) => {
    const { regions, violations } = simulate(scenarioOf(protocol));
    expect(violations).toEqual([]);
    expect(Object.keys(regions)).toEqual(openWan("azure").regions);
    const off = Object.entries(regions).map(([region, { latencyMs }]) => {
      return [region, latencyMs.p50 / (FLOORS[protocol]?.[region] ?? 0) - 1] as const;
    });
    expect(off.filter(([, share]) => !(Math.abs(share) <= 0.03))).toEqual([]);
  },
  120_000,
);
