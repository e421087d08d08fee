import {
  type Effort,
  PAPER_SIZES,
  SECOND,
  type Specifications,
  type SweepSpecification,
} from "../specification.ts";
import { ALL_PROTOCOLS, EFFORTS, PAPER, PAYLOAD_BYTES, QUICK_EFFORTS } from "./common.ts";

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
 * SBFT finds out which of its collectors are dead by waiting for each, which takes four seconds of next to nothing: it is measured
 * after that. Its large clusters are run with the load that is most.
 */
const BEREFT: readonly Effort[] = [
  { replicasMax: 49, ladder: { loads: [24, 72], gain: 0.02, refinements: 0 } },
  { replicasMax: 97, ladder: { loads: [72, 216], gain: 0.02, refinements: 0 } },
  { replicasMax: 301, ladder: { loads: [72], gain: 0.02, refinements: 0 } },
].map((each) => ({ ...each, protocols: ["dqsbft"], warmUp: 6 * SECOND, measured: 6 * SECOND, seeds: [1] }));

/** Figure 9: the same with f replicas stopped from the start. */
export const FIG9: Specifications<SweepSpecification> = {
  full: { ...FULL, crashed: "f", efforts: [...BEREFT, ...EFFORTS] },
  quick: { ...QUICK, crashed: "f" },
};
