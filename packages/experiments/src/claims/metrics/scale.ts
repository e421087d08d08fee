import { shownAs } from "../../experiments/protocols.ts";
import { PAPER_SIZES } from "../../experiments/specification.ts";
import type { LineName } from "../evidence.ts";
import {
  combine,
  inequality,
  largest,
  latency,
  type Measure,
  type Quantity,
  ratio,
  smallest,
  throughput,
} from "../quantity.ts";
import * as names from "./names.ts";

const LARGEST = 301;
const REFERENCE = 97;

/** What the abstract compares DQBFT with. */
const PRIOR = [
  names.RCC,
  names.MIRBFT,
  names.DISPEL,
  names.PRIME,
  names.HOTSTUFF,
  names.SBFT,
  names.PBFT,
] as const;

/** Protocols and what DQBFT makes of them. */
const COMPOSED = [
  [names.PBFT, names.DQPBFT],
  [names.SBFT, names.DQSBFT],
  [names.HYBSTER, names.DQHYBSTER],
] as const;

const at = (protocol: string, replicas: number): LineName => ({ figure: "fig8", protocol, replicas });
const T = (protocol: string, replicas: number): Quantity => throughput(at(protocol, replicas));
const L = (protocol: string, replicas: number): Quantity => latency(at(protocol, replicas));

/** The place that a protocol's throughput has among others. */
function rank(protocol: string, others: readonly string[], replicas: number): Quantity {
  return combine(
    [protocol, ...others].map((each) => T(each, replicas)),
    ([own = 0, ...values]) => {
      return 1 + values.filter((value) => value > own).length;
    },
  );
}

/** Latency of whichever of them has the highest throughput. */
function latencyOfBest(protocols: readonly string[], replicas: number): Quantity {
  const quantities = [
    ...protocols.map((each) => T(each, replicas)),
    ...protocols.map((each) => L(each, replicas)),
  ];
  return combine(quantities, (values) => {
    const peaks = values.slice(0, protocols.length);
    return values[protocols.length + peaks.indexOf(Math.max(...peaks))] ?? Number.NaN;
  });
}

/** T(N) (N - 1), against N = 97. */
function shared(protocol: string, replicas: number): Quantity {
  return combine([T(protocol, replicas), T(protocol, REFERENCE)], ([here = 0, there = 0]) => {
    return (here * (replicas - 1)) / (there * (REFERENCE - 1));
  });
}

const allButDestiny = [...names.SINGLE_PRIMARY, ...names.MULTI_PRIMARY].filter(
  (name) => name !== names.DESTINY,
);

/** Figure 8 and what the abstract and the introduction say of it. */
export const SCALE: Readonly<Record<string, readonly Measure[]>> = {
  S1: names.SATURATED.flatMap((protocol) =>
    [49, 193, 301].map((replicas) => ({
      label: `${shownAs(protocol).label}, N = ${replicas}`,
      quantity: shared(protocol, replicas),
    })),
  ),
  S2: names.perSize(PAPER_SIZES, (replicas) =>
    ratio(
      smallest(names.MULTI_PRIMARY.map((protocol) => T(protocol, replicas))),
      largest(names.SINGLE_PRIMARY.map((protocol) => T(protocol, replicas))),
    ),
  ),
  S3: names.perSize(PAPER_SIZES, (replicas) =>
    inequality(names.ALIKE.map((protocol) => T(protocol, replicas))),
  ),
  S4: names.perSize(PAPER_SIZES, (replicas) => rank(names.DESTINY, allButDestiny, replicas)),
  S5: names.only(ratio(T(names.DESTINY, LARGEST), T(names.DQSBFT, LARGEST))),
  S6: names.only(ratio(L(names.DESTINY, LARGEST), L(names.DQSBFT, LARGEST))),
  S7: names.only(
    ratio(
      largest(names.DQBFT.map((protocol) => T(protocol, LARGEST))),
      largest(PRIOR.map((protocol) => T(protocol, LARGEST))),
    ),
  ),
  // The paper does not say which: each side's protocol with the highest throughput.
  S8: names.only(ratio(latencyOfBest(names.DQBFT, LARGEST), latencyOfBest(PRIOR, LARGEST))),
  S9: names.only(
    largest(
      COMPOSED.flatMap(([single, composed]) =>
        PAPER_SIZES.map((replicas) => ratio(T(composed, replicas), T(single, replicas))),
      ),
    ),
  ),
};
