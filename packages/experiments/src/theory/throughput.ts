import { ORDER_BATCH, type Proposers, proposersOf, type Setting } from "./setting.ts";

/** Proposals per second that the busiest replica's bandwidth allows. */
export type Formula = (setting: Setting) => number;

/** A formula and where it is from. */
export interface Theory {
  readonly name: string;
  /** `paper`: as printed in Figure 2 or section 2.2, with the parentheses that it needs. `derived`: counted message by message. */
  readonly source: "paper" | "derived";
  /** What is said of the formula beside its name. */
  readonly remark: string;
  readonly proposals: Formula;
}

/** How many state messages a replica sends and receives, for each of the others, per proposal. */
interface Traffic {
  readonly proposers: Proposers;
  /** State messages per proposal of its own, for each other replica. */
  readonly own: number;
  /** State messages per proposal of another: in all (`one` collector), or for each other replica (`all` to all). */
  readonly other: { readonly of: "one" | "all"; readonly count: number };
  /** State messages per slot of the O-instance, for each other replica; none if there is no such instance. */
  readonly order?: number;
  /** Slots of the O-instance in which the proposals of all proposers are ordered. */
  readonly orderSlots?: (proposers: number) => number;
}

const inBatches = (proposers: number): number => Math.max(1, proposers / ORDER_BATCH);
const oneEach = (proposers: number): number => proposers;
const oneForAll = (): number => 1;

/** B / ((N - 1)(pm + k sm)): one replica proposes to all. */
function singlePrimary(states: number): Formula {
  return ({ n, bitsPerSecond, payloadBytes, stateBytes }) =>
    bitsPerSecond / 8 / ((n - 1) * (payloadBytes + states * stateBytes));
}

/** NF B / (own + (NF - 1) others + O-slots): all proposers alike. */
function multiPrimary({ proposers, own, other, order = 0, orderSlots = oneForAll }: Traffic): Formula {
  return ({ n, bitsPerSecond, payloadBytes, stateBytes }) => {
    const count = proposersOf(proposers, n);
    const ownBytes = (n - 1) * (payloadBytes + own * stateBytes);
    const voteBytes = other.count * stateBytes * (other.of === "all" ? n - 1 : 1);
    const orderBytes = orderSlots(count) * (n - 1) * order * stateBytes;
    return (count * bitsPerSecond) / 8 / (ownBytes + (count - 1) * (payloadBytes + voteBytes) + orderBytes);
  };
}

const LINEAR = { own: 3, other: { of: "one", count: 3 } } as const;
const PBFT = { own: 3, other: { of: "all", count: 4 } } as const;
const HYBSTER = { own: 1, other: { of: "all", count: 2 } } as const;
const NOTHING = { own: 0, other: { of: "one", count: 0 } } as const;

/** Prime's leader: own request, everybody's acknowledgements, summaries and the matrix of summaries to all. */
const primeLeader: Formula = ({ n, bitsPerSecond, payloadBytes, stateBytes }) => {
  const count = proposersOf("byzantine", n);
  const summary = 8 * n + stateBytes;
  const leader = (n - 1) * (payloadBytes + 6 * stateBytes + 2 * summary + n * summary);
  const others = (count - 1) * (payloadBytes + 2 * (n - 1) * stateBytes);
  return (count * bitsPerSecond) / 8 / (leader + others);
};

/** Mean time of a quorum's round trip in the paper's regions, in seconds, that a view of Chained HotStuff waits for. */
const QUORUM_SECONDS = 0.075;

const chainedHotStuff: Formula = (setting) => 1 / (QUORUM_SECONDS + 1 / singlePrimary(1)(setting));

function theory(name: string, source: Theory["source"], remark: string, proposals: Formula): Theory {
  return { name, source, remark, proposals };
}

/** Every formula, the paper's first. */
export const THEORIES: readonly Theory[] = [
  theory(
    "Tmax",
    "paper",
    "nothing but payloads, N - f proposers",
    multiPrimary({ ...NOTHING, proposers: "byzantine" }),
  ),
  theory(
    "TmaxHybrid",
    "paper",
    "the same, fewer proposers",
    multiPrimary({ ...NOTHING, proposers: "hybrid" }),
  ),
  theory("PBFT", "paper", "printed without the outer parenthesis", singlePrimary(3)),
  theory("Hybster", "paper", "printed without the outer parenthesis", singlePrimary(1)),
  theory(
    "DQPBFT",
    "paper",
    "one O-slot for the proposals of all",
    multiPrimary({ ...PBFT, proposers: "byzantine", order: 4 }),
  ),
  theory(
    "Destiny",
    "paper",
    "one O-slot for the proposals of all, with PBFT's four messages",
    multiPrimary({ ...LINEAR, proposers: "hybrid", order: 4 }),
  ),
  theory("Linear Hybster", "derived", "Prepare, CommitSig, Commit, ExecSig", singlePrimary(3)),
  theory("SBFT, fast path", "derived", "the same count of messages", singlePrimary(3)),
  theory("SBFT, slow path", "derived", "two more steps", singlePrimary(5)),
  theory(
    "RCC, MirBFT",
    "derived",
    "PBFT at every replica, no O-instance",
    multiPrimary({ ...PBFT, proposers: "byzantine" }),
  ),
  ...dqbft("DQPBFT", { ...PBFT, proposers: "byzantine", order: 4 }),
  ...dqbft("DQHybster", { ...HYBSTER, proposers: "hybrid", order: 2 }),
  ...dqbft("DQSBFT", { ...LINEAR, proposers: "byzantine", order: 3 }),
  ...dqbft("Destiny", { ...LINEAR, proposers: "hybrid", order: 3 }),
  theory("Prime, leader", "derived", "acknowledged all to all, ordered by matrices", primeLeader),
  theory(
    "Dispel",
    "derived",
    "reliable broadcast and binary consensus, all to all",
    multiPrimary({ own: 10, other: { of: "all", count: 10 }, proposers: "byzantine" }),
  ),
  theory("Chained HotStuff", "derived", "a view waits for a quorum's 75 ms", chainedHotStuff),
  theory("Tmax, fault free", "derived", "all N propose", multiPrimary({ ...NOTHING, proposers: "all" })),
  theory("RCC, MirBFT, fault free", "derived", "all N propose", multiPrimary({ ...PBFT, proposers: "all" })),
];

/** A DQBFT protocol, counted: with O-slots for 24 proposals as in the paper's configuration, for one, and with all proposing. */
function dqbft(name: string, traffic: Traffic): Theory[] {
  const batched = { ...traffic, orderSlots: inBatches };
  const all: Traffic = { ...batched, proposers: "all" };
  return [
    theory(
      `${name}, O-batches of ${ORDER_BATCH}`,
      "derived",
      "the published configuration",
      multiPrimary(batched),
    ),
    theory(
      `${name}, O-batches of 1`,
      "derived",
      "an O-slot per proposal",
      multiPrimary({ ...traffic, orderSlots: oneEach }),
    ),
    theory(`${name}, O-batches of ${ORDER_BATCH}, fault free`, "derived", "all N propose", multiPrimary(all)),
  ];
}
