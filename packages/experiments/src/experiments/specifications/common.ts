import { PAPER_PROTOCOLS } from "../protocols.ts";
import { type Effort, type Ladder, SECOND, type Surroundings } from "../specification.ts";

/** The paper's machines and regions. */
export const PAPER: Surroundings = { wan: "azure", profile: "paper-2022" };

/** A command of the paper's workload, in bytes. */
export const PAYLOAD_BYTES = 512;

/** Every protocol under test, in the paper's order. */
export const ALL_PROTOCOLS: readonly string[] = PAPER_PROTOCOLS.map(({ name }) => name);

/**
 * Ten regions: from 10 requests under way, when one primary of a large cluster is half idle, until throughput rises no more; then
 * once between the best and the one below.
 */
export const SINGLE_LADDER: Ladder = { loads: [1, 4, 16, 64], gain: 0.02, refinements: 1 };

/** Where all replicas take commands, they are idle below. */
const SHARED_LADDER: Ladder = { loads: [8, 24, 72], gain: 0.02, refinements: 1 };

/** Where throughput still rises when all others are at their peak: who waits for the slowest of all replicas is idle meanwhile. */
const WAITING_LADDER: Ladder = { loads: [8, 24, 72, 216], gain: 0.02, refinements: 1 };

/** Both where a load costs minutes. */
const LARGE_LADDER: Ladder = { loads: [24, 72], gain: 0.02, refinements: 0 };
const LARGE_WAITING_LADDER: Ladder = { loads: [24, 72, 216], gain: 0.02, refinements: 0 };

/**
 * Virtual time. A saturated primary of a large cluster answers after seconds, and in waves: what it decides waits behind what it
 * proposes, so a run has to hold many of them. It is cheap to simulate. Where all share the work latencies stay below a second; and
 * where all talk to all, a second of a large cluster costs minutes, so that large clusters are run with one seed: what another seed
 * changes is shown where it is cheap. SBFT learns how long to wait for all, which takes seconds, and its messages are few.
 */
export const EFFORTS: readonly Effort[] = [
  {
    families: ["single-primary"],
    replicasMax: 49,
    warmUp: 4 * SECOND,
    measured: 8 * SECOND,
    seeds: [1, 2, 3],
    ladder: SINGLE_LADDER,
  },
  {
    families: ["single-primary"],
    replicasMax: 301,
    warmUp: 4 * SECOND,
    measured: 8 * SECOND,
    seeds: [1],
    ladder: SINGLE_LADDER,
  },
  {
    protocols: ["dqsbft"],
    replicasMax: 97,
    warmUp: 4 * SECOND,
    measured: 2 * SECOND,
    seeds: [1],
    ladder: WAITING_LADDER,
  },
  {
    protocols: ["dqsbft"],
    replicasMax: 301,
    warmUp: 4 * SECOND,
    measured: 2 * SECOND,
    seeds: [1],
    ladder: LARGE_WAITING_LADDER,
  },
  { replicasMax: 49, warmUp: 1.5 * SECOND, measured: 1.5 * SECOND, seeds: [1, 2, 3], ladder: SHARED_LADDER },
  { replicasMax: 97, warmUp: 1.5 * SECOND, measured: SECOND, seeds: [1], ladder: SHARED_LADDER },
  {
    replicasMax: 301,
    warmUp: 1.25 * SECOND,
    measured: 0.75 * SECOND,
    seeds: [1],
    ladder: LARGE_LADDER,
  },
];

/** Steps of four, and no repetition. */
const QUICK_LADDER: Ladder = { loads: [4, 16, 64], gain: 0.02, refinements: 0 };

/** Shorter, and one seed. */
export const QUICK_EFFORTS: readonly Effort[] = [
  {
    families: ["single-primary"],
    replicasMax: 301,
    warmUp: 2 * SECOND,
    measured: 4 * SECOND,
    seeds: [1],
    ladder: QUICK_LADDER,
  },
  { replicasMax: 301, warmUp: SECOND, measured: SECOND, seeds: [1], ladder: QUICK_LADDER },
];
