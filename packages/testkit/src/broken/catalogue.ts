import { AGREEMENT_BUGS } from "./bugs/agreement.ts";
import { ORDERING_BUGS } from "./bugs/ordering.ts";
import { REPLICA_BUGS } from "./bugs/replica.ts";
import { TRUST_BUGS } from "./bugs/trust.ts";
import type { PlantedBug } from "./planted-bug.ts";

/** Every planted bug, in the order of the table in docs/planted-bugs.md. */
export const PLANTED_BUGS: readonly PlantedBug[] = [
  ...TRUST_BUGS,
  ...AGREEMENT_BUGS,
  ...ORDERING_BUGS,
  ...REPLICA_BUGS,
];
