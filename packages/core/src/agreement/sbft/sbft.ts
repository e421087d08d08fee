import type { AgreementProtocol } from "../agreement.ts";
import { UntrustedInstance } from "../shared/untrusted/untrusted-instance.ts";
import { checks } from "./checks.ts";
import { NormalCase } from "./normal-case.ts";
import { Slot } from "./slot.ts";

/** SBFT as an instance: byzantine faults, n > 3f + 2c, collectors, a fast path of n - c and a linear slow one (sbft.md). */
export const sbft: AgreementProtocol = {
  name: "sbft",
  create: (context) =>
    new UntrustedInstance({
      context,
      makeSlot: (seq) => new Slot(seq),
      // Its certificates prove themselves.
      witnesses: 1,
      phaseOf: (around) => new NormalCase(around),
    }),
  checks,
};
