import type { Specifications, SweepSpecification } from "../specification.ts";
import { ALL_PROTOCOLS, EFFORTS, PAPER, PAYLOAD_BYTES, QUICK_EFFORTS } from "./common.ts";

const REPLICAS = [97];

const FULL: SweepSpecification = {
  ...PAPER,
  kind: "sweep",
  protocols: ALL_PROTOCOLS,
  grids: [
    { replicas: REPLICAS, batches: [100, 200, 400, 800], payloadBytes: [PAYLOAD_BYTES] },
    // A single primary is said to be at its limit from 100 commands on; and is cheap to simulate.
    { families: ["single-primary"], replicas: REPLICAS, batches: [50, 1200], payloadBytes: [PAYLOAD_BYTES] },
    // As many bytes as 400 x 512 B (section 5.3.1, last sentence).
    { replicas: REPLICAS, batches: [200], payloadBytes: [2 * PAYLOAD_BYTES] },
  ],
  efforts: EFFORTS,
  crashed: "none",
};

/** Figure 7: the size of batches, N = 97. */
export const FIG7: Specifications<SweepSpecification> = {
  full: FULL,
  quick: {
    ...FULL,
    grids: [{ replicas: [19], batches: [100, 200, 400], payloadBytes: [PAYLOAD_BYTES] }],
    efforts: QUICK_EFFORTS,
  },
};
