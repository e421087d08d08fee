import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import type { CostProfile } from "@destiny/simulator/machine/cost-profile";
import { profilePath } from "../profiles/open-profile.ts";
import { codeCosts } from "./code-costs.ts";
import { CONFIGURATIONS, type Comparison, compare, type RealBench } from "./compare.ts";
import { cryptoCosts } from "./crypto-costs.ts";
import {
  type Costs,
  modernProfile,
  type SignerCosts,
  type StoreCosts,
  type TransportCosts,
} from "./modern-profile.ts";

/** What a calibration needs that only a whole installation has, and whom it tells. */
export interface CalibrationTools {
  readonly transport: () => Promise<TransportCosts>;
  readonly signer: () => Promise<SignerCosts>;
  readonly store: () => Promise<StoreCosts>;
  readonly bench: RealBench;
  /** What is being done now. */
  readonly stage: (text: string) => void;
  /** Whether the profile that comes with the project is replaced by what is measured. */
  readonly write: boolean;
}

/** What a calibration found. */
export interface Calibration {
  readonly costs: Costs;
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
  tools.stage("measuring transport, trusted signer and store");
  const transport = await tools.transport();
  const costs = { crypto, code, transport, signer: await tools.signer(), store: await tools.store() };
  const profile = modernProfile(costs);
  if (tools.write) writeFileSync(profilePath("modern"), `${JSON.stringify(profile, undefined, 2)}\n`);
  const diskMicros = costs.store.delayMicros;
  const comparisons: Comparison[] = [];
  for (const configuration of CONFIGURATIONS) {
    const { protocol, replicas, clients, bundle } = configuration;
    tools.stage(`${protocol}, ${replicas} replicas, ${clients} clients, bundles of ${bundle}`);
    comparisons.push(await compare(configuration, profile, { ...tools, diskMicros }));
  }
  return { costs, profile, comparisons, loadBefore };
}
