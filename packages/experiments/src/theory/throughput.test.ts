import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { FIGURE_3, PROPOSAL_SIZES } from "./setting.ts";
import { THEORIES } from "./throughput.ts";

/** The reconstruction's names for our formulas. */
const NAMES: Readonly<Record<string, string>> = {
  PBFT: "PBFT",
  Hybster: "Hybster",
  T_max: "Tmax",
  T_maxHybrid: "TmaxHybrid",
  DQPBFT_printed: "DQPBFT",
  Destiny_printed: "Destiny",
  LinearHybster: "Linear Hybster",
  SBFT_fast: "SBFT, fast path",
  SBFT_slow: "SBFT, slow path",
  RCC_MirBFT: "RCC, MirBFT",
  RCC_MirBFT_faultfree: "RCC, MirBFT, fault free",
  T_max_faultfree: "Tmax, fault free",
  Prime_leader: "Prime, leader",
  Dispel: "Dispel",
  ChainedHotStuff_quorumRTT75ms: "Chained HotStuff",
};

function nameOf(key: string): string | undefined {
  const dqbft = /^(\w+?)(_faultfree)?_o(1|24)$/.exec(key);
  if (dqbft === null) return NAMES[key];
  return `${dqbft[1]}, O-batches of ${dqbft[3]}${dqbft[2] === undefined ? "" : ", fault free"}`;
}

function proposals(name: string, n: number, payloadBytes: number): number {
  const theory = THEORIES.find((each) => each.name === name);
  if (theory === undefined) throw new Error(`no formula for ${name}`);
  return theory.proposals({ ...FIGURE_3, n, payloadBytes });
}

test.each([
  ["PBFT", 97, 5, 221.82],
  ["Hybster", 97, 100, 12.685],
  ["Tmax", 301, 100, 490.725],
  ["DQPBFT", 97, 5, 1139.359],
  ["Destiny", 97, 5, 6507.097],
  ["Destiny, O-batches of 24", 97, 5, 6172.653],
  ["DQSBFT, O-batches of 24", 301, 100, 469.983],
  ["Prime, leader", 97, 100, 276.821],
])("%s at N = %i with %i KiB", (name, n, kibibytes, expected) => {
  expect(proposals(name, n, kibibytes * 1024)).toBeCloseTo(expected, 2);
});

test("every value of an independent reconstruction of Figure 3", () => {
  const file = new URL("reconstruction.json", import.meta.url);
  const reconstruction = JSON.parse(readFileSync(file, "utf8")) as Record<
    string,
    Record<string, Record<string, number>>
  >;
  let compared = 0;
  for (const [key, byN] of Object.entries(reconstruction)) {
    for (const [n, bySize] of Object.entries(byN)) {
      for (const { name: size, bytes } of PROPOSAL_SIZES) {
        const ratio = proposals(nameOf(key) ?? key, Number(n), bytes) / (bySize[size.replace(" ", "")] ?? 0);
        expect(Math.abs(ratio - 1), `${key} at N = ${n}, ${size}`).toBeLessThan(1e-3);
        compared += 1;
      }
    }
  }
  expect(compared).toBe(26 * 7 * 2);
});
