import type { AgreementProtocol } from "../agreement.ts";
import { TrustedInstance } from "../shared/trusted/trusted-instance.ts";
import { checks } from "./checks.ts";
import { CommitPhase } from "./commit-phase.ts";
import type { Slot } from "./slot.ts";

/** Hybster as an instance: hybrid faults, trusted counters, two phases, everybody tells everybody (hybster.md). */
export const hybster: AgreementProtocol = {
  name: "hybster",
  create: (context) => new TrustedInstance<Slot>(context, (around) => new CommitPhase(around)),
  checks,
};
