import { FaultModel } from "@destiny/core/kernel/fault-model";
import { present } from "@destiny/core/kernel/invariant";
import { messageBytes } from "../../statistics/counts.ts";
import { MESSAGE_COUNTS } from "../../theory/messages.ts";
import type { Measure, Quantity } from "../quantity.ts";
import * as names from "./names.ts";

/** Large enough that no quorum is met on the spot, and that N is not far from N + 1. */
const N = 49;
const ORDERINGS = ["optimistic", "pessimistic"] as const;
/** N, f of the Byzantine and of the hybrid model, as section 5.2 gives them. */
const PAPER_F = [
  [19, 6, 9],
  [49, 16, 24],
  [97, 32, 48],
  [193, 64, 96],
  [301, 100, 150],
] as const;

const PAPER_COUNTS = MESSAGE_COUNTS.filter(({ source }) => source === "paper");

/** "Around 100 B for DQPBFT and 300 B for Destiny". */
const AROUND_100 = [75, 125] as const;
const AROUND_300 = [225, 375] as const;

/** Bytes of one message of a kind, in the run with the peak of Figure 7. */
function bytesOf(protocol: string, kind: string): Quantity {
  return (evidence) => {
    const { outcome } = evidence.line({ figure: "fig7", protocol, replicas: 97 }).peak;
    return present(messageBytes(outcome)[kind], `messages ${kind} in a run of ${protocol}`);
  };
}

const PHASES: readonly Measure[] = PAPER_COUNTS.flatMap(({ protocol, label, phases }) =>
  phases.map((expected, index): Measure => {
    const ordering = present(ORDERINGS[index], "an ordering");
    return {
      label: phases.length === 1 ? label : `${label}, ${ordering}`,
      quantity: (evidence) => Math.round(evidence.count(protocol, N, ordering).phases) / expected,
    };
  }),
);

/** Figure 2 and section 5.2. */
export const ANALYSIS: Readonly<Record<string, readonly Measure[]>> = {
  A1: PAPER_COUNTS.map(({ protocol, label, messages }) => ({
    label,
    quantity: (evidence) => evidence.count(protocol, N, "optimistic").messages / messages(N),
  })),
  A2: PHASES,
  A3: [
    // Under DQBFT references to proposals travel in messages of the same kind, so these are counted without it.
    { label: "PBFT's proposal", quantity: bytesOf(names.PBFT, "PrePrepare") },
    { label: "Linear Hybster's proposal", quantity: bytesOf(names.LINEAR_HYBSTER, "Prepare") },
    { label: "DQPBFT's Prepare", quantity: bytesOf(names.DQPBFT, "PbftPrepare"), accept: AROUND_100 },
    { label: "DQPBFT's Commit", quantity: bytesOf(names.DQPBFT, "PbftCommit"), accept: AROUND_100 },
    { label: "Destiny's CommitSig", quantity: bytesOf(names.DESTINY, "CommitSig"), accept: AROUND_300 },
    { label: "Destiny's Commit", quantity: bytesOf(names.DESTINY, "Commit"), accept: AROUND_300 },
  ],
  A4: PAPER_F.map(([n, byzantine, hybrid]) => ({
    label: `N = ${n}`,
    quantity: () => Number(FaultModel.byzantine(n).f === byzantine && FaultModel.hybrid(n).f === hybrid),
  })),
};
