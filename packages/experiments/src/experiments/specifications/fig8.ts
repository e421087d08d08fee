import { PAPER_SIZES, type Specifications, type SweepSpecification } from "../specification.ts";
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

/** Figure 9: the same with f replicas stopped from the start. */
export const FIG9: Specifications<SweepSpecification> = {
  full: { ...FULL, crashed: "f" },
  quick: { ...QUICK, crashed: "f" },
};
