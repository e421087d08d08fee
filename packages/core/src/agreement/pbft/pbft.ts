import type { AgreementProtocol } from "../agreement.ts";
import { UntrustedInstance } from "../shared/untrusted/untrusted-instance.ts";
import { type Authentication, checks } from "./checks.ts";
import { NormalCase } from "./normal-case.ts";
import { Slot } from "./slot.ts";

/** Who answers for PBFT's messages. */
export interface PbftOptions {
  readonly authentication: Authentication;
}

/** PBFT as an instance: byzantine faults, n > 3f, three phases among all (pbft.md). */
export function pbft({ authentication }: PbftOptions): AgreementProtocol {
  return {
    name: authentication === "mac" ? "pbft" : "pbft-signed",
    create: (context) =>
      new UntrustedInstance({
        context,
        makeSlot: (seq) => new Slot(seq, authentication === "signature"),
        // A claim of one peer decides nothing: what is decided long since is had from f + 1 at once (pbft.md 10.4 and 12.5).
        witnesses: context.faults.oneCorrect,
        phaseOf: (around) => new NormalCase(authentication, around),
      }),
    checks: (address, message) => checks(authentication, address, message),
  };
}
