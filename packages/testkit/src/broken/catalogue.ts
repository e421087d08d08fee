import { AGREEMENT_BUGS } from "./bugs/agreement.ts";
import { BLAME_BUGS } from "./bugs/blame.ts";
import { COMPOSITION_BUGS } from "./bugs/composition.ts";
import { HYBSTER_BUGS } from "./bugs/hybster.ts";
import { ORDERING_BUGS } from "./bugs/ordering.ts";
import { PBFT_BUGS } from "./bugs/pbft.ts";
import { READMISSION_BUGS } from "./bugs/readmission.ts";
import { REPLICA_BUGS } from "./bugs/replica.ts";
import { SBFT_BUGS } from "./bugs/sbft.ts";
import { STATE_TRANSFER_BUGS } from "./bugs/state-transfer.ts";
import { TRUST_BUGS } from "./bugs/trust.ts";
import { VARIANT_BUGS } from "./bugs/variants.ts";
import { VIEW_CHANGE_SAFETY_BUGS } from "./bugs/view-change.ts";
import { VIEW_CHANGE_LIVENESS_BUGS } from "./bugs/view-change-liveness.ts";
import type { PlantedBug } from "./planted-bug.ts";

/** Every planted bug, in the order of the table in docs/planted-bugs.md. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...TRUST_BUGS,
  ...READMISSION_BUGS,
  ...AGREEMENT_BUGS,
  ...VIEW_CHANGE_SAFETY_BUGS,
  ...VIEW_CHANGE_LIVENESS_BUGS,
  ...HYBSTER_BUGS,
  ...PBFT_BUGS,
  ...SBFT_BUGS,
  ...ORDERING_BUGS,
  ...COMPOSITION_BUGS,
  ...BLAME_BUGS,
  ...REPLICA_BUGS,
  ...STATE_TRANSFER_BUGS,
  ...VARIANT_BUGS,
];
