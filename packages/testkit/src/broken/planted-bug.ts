/** A change of one source file of the product: `find` occurs there exactly once. */
export interface Edit {
  /** From the top of the checkout. */
  readonly file: string;
  readonly find: string;
  readonly replace: string;
}

/** What has to notice a bug. */
export type Detector =
  /** The random simulation: any of its oracles. */
  | { readonly by: "simulation" }
  /** A function of ./scenarios, which throws. */
  | { readonly by: "scenario"; readonly name: string }
  /** A unit test, which fails: its file, from the top of the checkout, and the beginning of its name. */
  | { readonly by: "test"; readonly file: string; readonly name: string };

/** A bug that somebody might make, and that we make on purpose to see that it is noticed (reliability: planted bugs). */
export interface PlantedBug {
  readonly id: string;
  /** What the broken product does. */
  readonly title: string;
  /** Where the bug comes from: a hole of dqbft.md 9, a broken variant of a model-checked specification, a real bug. */
  readonly source: string;
  readonly edits: readonly Edit[];
  /** The protocol that the random simulation runs, and with how many replicas. */
  readonly protocol: string;
  readonly replicas: number;
  readonly caughtBy: Detector;
}

export const SIMULATION: Detector = { by: "simulation" };

/** Caught by a directed scenario. */
export function scenario(name: string): Detector {
  return { by: "scenario", name };
}

/** Caught by a test of the unit tests. */
export function unitTest(file: string, name: string): Detector {
  return { by: "test", file, name };
}

/** Runs for most bugs: the smallest cluster, where one faulty replica is all that it takes. */
export const DESTINY_3: Pick<PlantedBug, "protocol" | "replicas"> = { protocol: "destiny", replicas: 3 };
export const HYBSTER_3: Pick<PlantedBug, "protocol" | "replicas"> = {
  protocol: "single-linear-hybster",
  replicas: 3,
};
