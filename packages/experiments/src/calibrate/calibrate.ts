import { writeFileSync } from "node:fs";
import { loadavg } from "node:os";
import type { CostProfile } from "@destiny/simulator/machine/cost-profile";
import { profilePath } from "../profiles/open-profile.ts";
import { codeCosts } from "./code-costs.ts";
import {
  CONFIGURATIONS,
  type Comparison,
  type Configuration,
  compare,
  type Measured,
  overheadOf,
  REFERENCE,
  type RealBench,
} from "./compare.ts";
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
  /** The first one is what the overhead was measured by; the others are predictions. */
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
  const diskMicros = costs.store.delayMicros;
  const measure = async (configuration: Configuration): Promise<Measured> => {
    const { protocol, replicas, clients, bundle } = configuration;
    tools.stage(`${protocol}, ${replicas} replicas, ${clients} clients, bundles of ${bundle}`);
    return { configuration, real: await tools.bench(configuration), diskMicros };
  };
  const reference = await measure(REFERENCE);
  const pieces = modernProfile(costs);
  const profile = withOverhead(pieces, overheadOf(pieces, reference));
  if (tools.write) writeFileSync(profilePath("modern"), `${JSON.stringify(profile, undefined, 2)}\n`);
  const comparisons = [compare(profile, reference)];
  for (const configuration of CONFIGURATIONS)
    comparisons.push(compare(profile, await measure(configuration)));
  return { costs, profile, comparisons, loadBefore };
}

function withOverhead(profile: CostProfile, factor: number): CostProfile {
  const source =
    "measured by destiny experiment calibrate: processor time of a real cluster of three replicas against the sum of its pieces";
  return { ...profile, overhead: { factor: Number(factor.toPrecision(3)), source } };
}
