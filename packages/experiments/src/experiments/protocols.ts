import { CATALOGUE } from "@destiny/core/catalogue";

/** How a protocol shares the work of proposing: section 5.1 of the paper sorts its protocols so. */
export type Family = "single-primary" | "multi-primary" | "dqbft";

/** A protocol as the figures show it. */
export interface ShownProtocol {
  /** Its name in the catalogue. */
  readonly name: string;
  /** Its name in the paper. */
  readonly label: string;
  readonly family: Family;
  readonly colour: string;
  /** A symbol of Observable Plot. */
  readonly symbol: string;
}

function shown(
  name: string,
  label: string,
  family: Family,
  [colour, symbol]: [string, string],
): ShownProtocol {
  return { name, label, family, colour, symbol };
}

/** The paper's protocols, in the order of its section 5.1. Those that the catalogue lacks are passed over until it has them. */
export const PAPER_PROTOCOLS: readonly ShownProtocol[] = [
  shown("single-pbft", "PBFT", "single-primary", ["#1f77b4", "circle"]),
  shown("single-hybster", "Hybster", "single-primary", ["#8c564b", "square"]),
  shown("single-sbft", "SBFT", "single-primary", ["#2ca02c", "triangle"]),
  shown("single-linear-hybster", "Linear Hybster", "single-primary", ["#d62728", "diamond"]),
  shown("chained-hotstuff", "Chained HotStuff", "single-primary", ["#7f7f7f", "plus"]),
  shown("prime", "Prime", "multi-primary", ["#bcbd22", "times"]),
  shown("dispel", "Dispel", "multi-primary", ["#e377c2", "star"]),
  shown("mirbft", "MirBFT", "multi-primary", ["#17becf", "wye"]),
  shown("rcc", "RCC", "multi-primary", ["#9467bd", "triangle2"]),
  shown("rcc-sbft", "RCC over SBFT", "multi-primary", ["#c5b0d5", "triangle2"]),
  shown("dqpbft", "DQPBFT", "dqbft", ["#1f77b4", "circle"]),
  shown("dqhybster", "DQHybster", "dqbft", ["#8c564b", "square"]),
  shown("dqsbft", "DQSBFT", "dqbft", ["#2ca02c", "triangle"]),
  shown("destiny", "Destiny", "dqbft", ["#d62728", "diamond"]),
];

/** How a protocol is shown; one that the paper does not have goes by its name in the catalogue. */
export function shownAs(name: string): ShownProtocol {
  const known = PAPER_PROTOCOLS.find((each) => each.name === name);
  if (known !== undefined) return known;
  return shown(name, name, name.startsWith("single-") ? "single-primary" : "multi-primary", [
    "#000000",
    "plus",
  ]);
}

/** Whether the catalogue has it. */
export function exists(name: string): boolean {
  return CATALOGUE.some((protocol) => protocol.name === name);
}
