import { PAPER_PROTOCOLS } from "../protocols.ts";
import { type Ladder, SECOND, type Span, type Surroundings } from "../specification.ts";

/** The paper's machines and regions. */
export const PAPER: Surroundings = { wan: "azure", profile: "paper-2022" };

/** A command of the paper's workload, in bytes. */
export const PAYLOAD_BYTES = 512;

/** Every protocol under test, in the paper's order. */
export const ALL_PROTOCOLS: readonly string[] = PAPER_PROTOCOLS.map(({ name }) => name);

/** Ten regions: from 10 requests under way, when one primary of a large cluster is half idle, until throughput rises no more. */
export const LADDER: Ladder = { loads: [1, 2, 4, 8, 16, 32, 64, 128], gain: 0.02, refinements: 1 };

/**
 * Virtual time: the slowest settled run has latencies of about a second, and nothing but jitter changes from second to second.
 * Large clusters cost minutes for each second where all talk to all, hence the shorter span.
 */
export const SPANS: readonly Span[] = [
  { replicasMax: 97, warmUp: 1.5 * SECOND, measured: 2.5 * SECOND, seeds: [1, 2, 3] },
  { replicasMax: 301, warmUp: 1.5 * SECOND, measured: 1.5 * SECOND, seeds: [1, 2] },
];

/** Steps of four, and no repetition. */
export const QUICK_LADDER: Ladder = { loads: [4, 16, 64], gain: 0.02, refinements: 0 };

/** One second after one of warm-up. */
export const QUICK_SPANS: readonly Span[] = [
  { replicasMax: 301, warmUp: SECOND, measured: SECOND, seeds: [1] },
];
