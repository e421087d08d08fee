import { hybster } from "./agreement/hybster/hybster.ts";
import { linearHybster } from "./agreement/linear-hybster/linear-hybster.ts";
import { pbft } from "./agreement/pbft/pbft.ts";
import { sbft } from "./agreement/sbft/sbft.ts";
import { FaultModel } from "./kernel/fault-model.ts";
import { dqbft } from "./ordering/dqbft/dqbft.ts";
import type { OrderingProtocol } from "./ordering/orderer.ts";
import { single } from "./ordering/single/single.ts";
import type { ReplyStyle } from "./replica/executor.ts";

/** A protocol that a cluster can run: its name, whom it tolerates, and its recipe. */
export interface Protocol {
  readonly name: string;
  readonly summary: string;
  /** The fault model for a cluster of n, of which `slow` more may be slow: 0 if absent, and where there is no fast path. */
  faults(n: number, slow?: number): FaultModel;
  readonly ordering: OrderingProtocol;
  /** How clients are answered (dqbft.md 4.4, Replies). */
  readonly replies: ReplyStyle;
  /** Whether it has a fast path, and with it a scheme of certificates of all but c replicas (sbft.md 1). */
  readonly fastPath?: true;
}

const PBFT = pbft({ authentication: "mac" });

/** Every protocol by name: the only file that knows them all. */
export const CATALOGUE: readonly Protocol[] = [
  {
    name: "destiny",
    summary: "DQBFT over Linear Hybster (paper section 4)",
    faults: (n) => FaultModel.hybrid(n),
    ordering: dqbft({ disseminate: linearHybster, order: linearHybster }),
    replies: "proven",
  },
  {
    name: "single-linear-hybster",
    summary: "Linear Hybster with one primary (paper section 4.2)",
    faults: (n) => FaultModel.hybrid(n),
    ordering: single(linearHybster),
    replies: "proven",
  },
  {
    name: "dqhybster",
    summary: "DQBFT over Hybster (paper section 5)",
    faults: (n) => FaultModel.hybrid(n),
    ordering: dqbft({ disseminate: hybster, order: hybster }),
    replies: "plain",
  },
  {
    name: "single-hybster",
    summary: "Hybster with one primary",
    faults: (n) => FaultModel.hybrid(n),
    ordering: single(hybster),
    replies: "plain",
  },
  {
    name: "dqpbft",
    summary: "DQBFT over PBFT, without trusted subsystems (paper section 3)",
    faults: (n) => FaultModel.byzantine(n),
    ordering: dqbft({ disseminate: PBFT, order: PBFT }),
    replies: "plain",
  },
  {
    name: "single-pbft",
    summary: "PBFT with one primary, messages authentic by their channels",
    faults: (n) => FaultModel.byzantine(n),
    ordering: single(PBFT),
    replies: "plain",
  },
  {
    name: "single-pbft-signed",
    summary: "PBFT with one primary and signed messages",
    faults: (n) => FaultModel.byzantine(n),
    ordering: single(pbft({ authentication: "signature" })),
    replies: "plain",
  },
  {
    name: "dqsbft",
    summary: "DQBFT over SBFT (paper section 5)",
    faults: (n, slow) => FaultModel.byzantine(n, slow),
    ordering: dqbft({ disseminate: sbft, order: sbft }),
    replies: "proven",
    fastPath: true,
  },
  {
    name: "single-sbft",
    summary: "SBFT with one primary: a fast path of all, and a linear slow path",
    faults: (n, slow) => FaultModel.byzantine(n, slow),
    ordering: single(sbft),
    replies: "proven",
    fastPath: true,
  },
];

/** The protocol of this name, if there is one. */
export function findProtocol(name: string): Protocol | undefined {
  return CATALOGUE.find((protocol) => protocol.name === name);
}
