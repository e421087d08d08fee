import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from "node:fs";
import { loadavg, tmpdir } from "node:os";
import { join } from "node:path";
import type { CostProfile } from "@destiny/simulator/machine/cost-profile";
import { profilePath } from "../profiles/open-profile.ts";
import { codeCosts } from "./code-costs.ts";
import { CONFIGURATIONS, type Comparison, compare, type RealBench } from "./compare.ts";
import { cryptoCosts } from "./crypto-costs.ts";
import { type Costs, modernProfile, type TransportCosts } from "./modern-profile.ts";

/** What a calibration needs that only a whole installation has, and whom it tells. */
export interface CalibrationTools {
  readonly transport: () => Promise<TransportCosts>;
  readonly bench: RealBench;
  /** What is being done now. */
  readonly stage: (text: string) => void;
  /** Whether the profile that comes with the project is replaced by what is measured. */
  readonly write: boolean;
}

/** What a calibration found. */
export interface Calibration {
  readonly costs: Costs;
  readonly diskMicros: number;
  readonly profile: CostProfile;
  readonly comparisons: readonly Comparison[];
  /** Processes that wanted a processor in the minute before: others disturb what is measured. */
  readonly loadBefore: number;
}

/** Measures what things cost here, makes the `modern` profile of it, and says how far the model is from real clusters. */
export async function calibrate(tools: CalibrationTools): Promise<Calibration> {
  const loadBefore = loadavg()[0] ?? 0;
  tools.stage("measuring cryptography");
  const crypto = await cryptoCosts();
  tools.stage("measuring our code");
  const code = await codeCosts();
  tools.stage("measuring the transport");
  const costs = { crypto, code, transport: await tools.transport() };
  const profile = modernProfile(costs);
  if (tools.write) writeFileSync(profilePath("modern"), `${JSON.stringify(profile, undefined, 2)}\n`);
  const diskMicros = diskDelay();
  const comparisons: Comparison[] = [];
  for (const configuration of CONFIGURATIONS) {
    const { protocol, replicas, clients, bundle } = configuration;
    tools.stage(`${protocol}, ${replicas} replicas, ${clients} clients, bundles of ${bundle}`);
    comparisons.push(await compare(configuration, profile, { ...tools, diskMicros }));
  }
  return { costs, diskMicros, profile, comparisons, loadBefore };
}

const WRITES = 20;
const RECORD = new Uint8Array(4_096);

/** Median micros until a write is durable, where temporary files are. */
function diskDelay(): number {
  const folder = mkdtempSync(join(tmpdir(), "destiny-calibrate-"));
  const file = openSync(join(folder, "log"), "w");
  try {
    const micros = Array.from({ length: WRITES }, () => {
      const begun = performance.now();
      writeSync(file, RECORD);
      fdatasyncSync(file);
      return (performance.now() - begun) * 1_000;
    });
    return micros.sort((a, b) => a - b)[WRITES / 2] ?? 0;
  } finally {
    closeSync(file);
    rmSync(folder, { recursive: true });
  }
}
