import { type CountSpecification, SECOND, type Specifications } from "../specification.ts";
import { ALL_PROTOCOLS, PAYLOAD_BYTES } from "./common.ts";

/** Every message takes 50 ms, a single request is under way: what is sent is sent for it, and latency counts its phases. */
const FULL: CountSpecification = {
  kind: "count",
  wan: "uniform:100",
  profile: "paper-2022",
  protocols: ALL_PROTOCOLS,
  // At N = 4 two of f + 1 = 2 shares are on the spot, which saves a phase.
  replicas: [7, 19, 49],
  payloadBytes: PAYLOAD_BYTES,
  seed: 1,
  warmUp: 2 * SECOND,
  measured: 60 * SECOND,
};

/** Figure 2: the formulas, and messages counted in runs. */
export const FIG2: Specifications<CountSpecification> = {
  full: FULL,
  quick: { ...FULL, replicas: [7, 49], measured: 20 * SECOND },
};
