import {
  type Effort,
  type Ladder,
  PAPER_SIZES,
  SECOND,
  type Specifications,
  type SweepSpecification,
} from "../specification.ts";
import { ALL_PROTOCOLS, EFFORTS, PAPER, PAYLOAD_BYTES, QUICK_EFFORTS, SINGLE_LADDER } from "./common.ts";

const FULL: SweepSpecification = {
  ...PAPER,
  kind: "sweep",
  protocols: ALL_PROTOCOLS,
  grids: [{ replicas: PAPER_SIZES, batches: [200], payloadBytes: [PAYLOAD_BYTES] }],
  efforts: EFFORTS,
  crashed: "none",
};

const QUICK: SweepSpecification = {
  ...FULL,
  grids: [{ replicas: [19, 49], batches: [200], payloadBytes: [PAYLOAD_BYTES] }],
  efforts: QUICK_EFFORTS,
};

/** Figure 8: the number of replicas. */
export const FIG8: Specifications<SweepSpecification> = { full: FULL, quick: QUICK };

/**
 * SBFT finds out which of its collectors are dead by waiting for each, which under load takes four seconds of next to nothing, or
 * by their status, which takes six: it is measured after that. Large clusters of DQSBFT are run with the load that is most.
 */
const BEREFT: readonly Effort[] = [
  { replicasMax: 49, ...bereft("single-sbft", 10, 8), seeds: [1, 2, 3], ladder: SINGLE_LADDER },
  { replicasMax: 301, ...bereft("single-sbft", 10, 8), seeds: [1], ladder: SINGLE_LADDER },
  { replicasMax: 49, ...bereft("dqsbft", 6, 6), seeds: [1], ladder: flat(24, 72) },
  { replicasMax: 97, ...bereft("dqsbft", 6, 6), seeds: [1], ladder: flat(72, 216) },
  { replicasMax: 301, ...bereft("dqsbft", 6, 6), seeds: [1], ladder: flat(72) },
];

/** Figure 9: the same with f replicas stopped from the start. */
export const FIG9: Specifications<SweepSpecification> = {
  full: { ...FULL, crashed: "f", efforts: [...BEREFT, ...EFFORTS] },
  quick: { ...QUICK, crashed: "f" },
};

/** Seconds of virtual time. */
function bereft(
  protocol: string,
  warmUp: number,
  measured: number,
): Pick<Effort, "protocols" | "warmUp" | "measured"> {
  return { protocols: [protocol], warmUp: warmUp * SECOND, measured: measured * SECOND };
}

function flat(...loads: readonly number[]): Ladder {
  return { loads, gain: 0.02, refinements: 0 };
}
