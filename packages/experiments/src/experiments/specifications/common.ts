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
 * Virtual time. A saturated primary of a large cluster answers after seconds, and in waves: what it decides waits behind what it
 * proposes, so a span has to hold many of them. It is cheap to simulate. Where all share the work
 * latencies stay below a second; and where all talk to all, a second of a large cluster costs minutes.
 */
export const SPANS: readonly Span[] = [
  {
    families: ["single-primary"],
    replicasMax: 301,
    warmUp: 4 * SECOND,
    measured: 12 * SECOND,
    seeds: [1, 2, 3],
  },
  { replicasMax: 97, warmUp: 1.5 * SECOND, measured: 2.5 * SECOND, seeds: [1, 2, 3] },
  { replicasMax: 301, warmUp: 1.5 * SECOND, measured: 1.5 * SECOND, seeds: [1, 2] },
];

/** Steps of four, and no repetition. */
export const QUICK_LADDER: Ladder = { loads: [4, 16, 64], gain: 0.02, refinements: 0 };

/** Shorter, and one seed. */
export const QUICK_SPANS: readonly Span[] = [
  { families: ["single-primary"], replicasMax: 301, warmUp: 2 * SECOND, measured: 4 * SECOND, seeds: [1] },
  { replicasMax: 301, warmUp: SECOND, measured: SECOND, seeds: [1] },
];
