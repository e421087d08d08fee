/** A row of Figure 2: what one command costs without batching, clients' messages left out. */
export interface MessageCount {
  /** Name of the protocol in the catalogue. */
  readonly protocol: string;
  readonly label: string;
  readonly source: "paper" | "derived";
  /** As a formula for people. */
  readonly formula: string;
  /** Messages of agreement for a command, those to oneself included. */
  readonly messages: (n: number) => number;
  /** Message delays until a command can be executed; with the pessimistic order too where there are two. */
  readonly phases: readonly number[];
}

/** Figure 2, with the protocols that it leaves out. */
export const MESSAGE_COUNTS: readonly MessageCount[] = [
  {
    protocol: "single-pbft",
    label: "PBFT",
    source: "paper",
    formula: "N + 2N²",
    messages: (n) => n + 2 * n * n,
    phases: [3],
  },
  {
    protocol: "single-hybster",
    label: "Hybster",
    source: "paper",
    formula: "N + N²",
    messages: (n) => n + n * n,
    phases: [2],
  },
  {
    protocol: "dqpbft",
    label: "DQPBFT",
    source: "paper",
    formula: "2N + 4N²",
    messages: (n) => 2 * n + 4 * n * n,
    phases: [4, 6],
  },
  {
    protocol: "destiny",
    label: "Destiny",
    source: "paper",
    formula: "7N",
    messages: (n) => 7 * n,
    phases: [5, 7],
  },
  {
    protocol: "single-linear-hybster",
    label: "Linear Hybster",
    source: "derived",
    formula: "4N",
    messages: (n) => 4 * n,
    phases: [4],
  },
  {
    protocol: "single-sbft",
    label: "SBFT, fast path",
    source: "derived",
    formula: "4N",
    messages: (n) => 4 * n,
    phases: [4],
  },
  {
    protocol: "dqhybster",
    label: "DQHybster",
    source: "derived",
    formula: "2N + 2N²",
    messages: (n) => 2 * n + 2 * n * n,
    phases: [3, 4],
  },
  {
    protocol: "dqsbft",
    label: "DQSBFT, fast path",
    source: "derived",
    formula: "7N",
    messages: (n) => 7 * n,
    phases: [5, 7],
  },
];
