import { findProtocol } from "@destiny/core/catalogue";
import { present } from "@destiny/core/kernel/invariant";
import { shownAs } from "../../experiments/protocols.ts";
import { PAPER_SIZES } from "../../experiments/specification.ts";
import type { LineName } from "../evidence.ts";
import {
  combine,
  difference,
  largest,
  latency,
  type Measure,
  type Quantity,
  ratio,
  smallest,
  throughput,
} from "../quantity.ts";
import * as names from "./names.ts";

const without = (protocol: string, replicas: number): LineName => ({ figure: "fig8", protocol, replicas });
const withF = (protocol: string, replicas: number): LineName => ({ figure: "fig9", protocol, replicas });

/** The share of its throughput that a protocol loses when f replicas fail. */
function loss(protocol: string, replicas: number): Quantity {
  const both = [throughput(withF(protocol, replicas)), throughput(without(protocol, replicas))];
  return combine(both, ([failing = 0, fine = 0]) => 1 - failing / fine);
}

/** Latency when f replicas fail, against none. */
function slowdown(protocol: string, replicas: number): Quantity {
  return ratio(latency(withF(protocol, replicas)), latency(without(protocol, replicas)));
}

/** Destiny against the best of the others. */
function lead(replicas: number): Quantity {
  const others = names.MULTI_PRIMARY.filter((name) => name !== names.DESTINY);
  return ratio(
    throughput(withF(names.DESTINY, replicas)),
    largest(others.map((protocol) => throughput(withF(protocol, replicas)))),
  );
}

/** Whom Destiny waits for, of those who are left. */
function waitedFor(replicas: number): Quantity {
  return (evidence) => {
    const { crashed } = evidence.line(withF(names.DESTINY, replicas));
    const { quorum } = present(findProtocol(names.DESTINY), "Destiny").faults(replicas);
    return quorum / (replicas - crashed);
  };
}

const HIT_HARDER = [names.SBFT, names.DQSBFT, names.DESTINY];

/** Figure 9. */
export const FAILURES: Readonly<Record<string, readonly Measure[]>> = {
  F1: names.perSize(PAPER_SIZES, (replicas) =>
    difference(
      smallest(HIT_HARDER.map((protocol) => loss(protocol, replicas))),
      largest(names.ALIKE.map((protocol) => loss(protocol, replicas))),
    ),
  ),
  F2: names.perSize(PAPER_SIZES, (replicas) =>
    ratio(throughput(withF(names.DQSBFT, replicas)), throughput(withF(names.DQPBFT, replicas))),
  ),
  F3: names.perSize([193, 301], lead),
  F4: names.perSize([19], lead),
  F5: names.perSize(PAPER_SIZES, (replicas) => slowdown(names.DISPEL, replicas)),
  F6: names.ALIKE.flatMap((protocol) =>
    PAPER_SIZES.map((replicas) => ({
      label: `${shownAs(protocol).label}, N = ${replicas}`,
      quantity: slowdown(protocol, replicas),
    })),
  ),
  F7: names.perSize(PAPER_SIZES, waitedFor),
};
