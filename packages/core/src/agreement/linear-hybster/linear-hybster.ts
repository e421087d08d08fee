import type { AgreementProtocol } from "../agreement.ts";
import { TrustedInstance } from "../shared/trusted/trusted-instance.ts";
import { checks } from "./checks.ts";
import { SharePhase } from "./share-phase.ts";
import type { Slot } from "./slot.ts";

/** Linear Hybster as an instance: hybrid faults, trusted counters, collectors, linear messages (linear-hybster.md). */
export const linearHybster: AgreementProtocol = {
  name: "linear-hybster",
  create: (context) => new TrustedInstance<Slot>(context, (around) => new SharePhase(around)),
  checks,
};
