import { linearHybster } from "./agreement/linear-hybster/linear-hybster.ts";
import { FaultModel } from "./kernel/fault-model.ts";
import { dqbft } from "./ordering/dqbft/dqbft.ts";
import type { OrderingProtocol } from "./ordering/orderer.ts";
import { single } from "./ordering/single/single.ts";

/** A protocol that a cluster can run: its name, whom it tolerates, and its recipe. */
export interface Protocol {
  readonly name: string;
  readonly summary: string;
  /** The fault model for a cluster of n. */
  faults(n: number): FaultModel;
  readonly ordering: OrderingProtocol;
}

/** Every protocol by name: the only file that knows them all. */
export const CATALOGUE: readonly Protocol[] = [
  {
    name: "destiny",
    summary: "DQBFT over Linear Hybster (paper section 4)",
    faults: (n) => FaultModel.hybrid(n),
    ordering: dqbft({ disseminate: linearHybster, order: linearHybster }),
  },
  {
    name: "single-linear-hybster",
    summary: "Linear Hybster with one primary (paper section 4.2)",
    faults: (n) => FaultModel.hybrid(n),
    ordering: single(linearHybster),
  },
];

/** The protocol of this name, if there is one. */
export function findProtocol(name: string): Protocol | undefined {
  return CATALOGUE.find((protocol) => protocol.name === name);
}
