import { shownAs } from "../../experiments/protocols.ts";
import type { LineName } from "../evidence.ts";
import {
  average,
  combine,
  inequality,
  latency,
  type Measure,
  type Quantity,
  ratio,
  throughput,
  useOf,
} from "../quantity.ts";
import * as names from "./names.ts";

const N = 97;
const BATCHES = [100, 200, 400, 800];
const LARGER_BATCHES = [200, 400, 800, 1200];
/** A step down by less is none: neighbouring loads differ by as much. */
const LEVEL = 0.98;
/** A busier resource is at its limit. */
const AT_LIMIT = 0.8;

const at = (protocol: string, batch = 200, payloadBytes = 512): LineName => ({
  figure: "fig7",
  protocol,
  replicas: N,
  batch,
  payloadBytes,
});

const T = (protocol: string, batch?: number): Quantity => throughput(at(protocol, batch));
const L = (protocol: string): Quantity => latency(at(protocol));

/** Whether throughput rises with the batch until something is at its limit, and latency rises: 1 if so, else -1. */
function rises(protocol: string): Quantity {
  const peaks = BATCHES.map((batch) => T(protocol, batch));
  const latencies = BATCHES.map((batch) => latency(at(protocol, batch)));
  const limits = BATCHES.map(
    (batch): Quantity =>
      (evidence) =>
        evidence.line(at(protocol, batch)).peak.outcome.bottleneck.busy,
  );
  return combine([...peaks, ...latencies, ...limits], (values) => {
    const [own, waits, busy] = [0, 1, 2].map((part) =>
      values.slice(part * BATCHES.length, (part + 1) * BATCHES.length),
    ) as [number[], number[], number[]];
    const throughputRises = own.every(
      (value, index) =>
        index === 0 || value >= LEVEL * (own[index - 1] ?? 0) || (busy[index - 1] ?? 0) >= AT_LIMIT,
    );
    const latencyRises = (waits.at(-1) ?? 0) > (waits[0] ?? 0);
    return throughputRises && latencyRises ? 1 : -1;
  });
}

/** Bytes per second in batches of 200 commands of 1,024 bytes, against 400 of 512. */
function bytesAlike(protocol: string): Quantity {
  return combine(
    [throughput(at(protocol, 200, 1024)), throughput(at(protocol, 400))],
    ([long = 0, many = 0]) => {
      return (long * 1024) / (many * 512);
    },
  );
}

function flat(protocol: string): Measure[] {
  const { label } = shownAs(protocol);
  const against = (batch: number): Quantity => ratio(T(protocol, batch), T(protocol, 100));
  return [
    ...LARGER_BATCHES.map((batch) => ({ label: `${label} ${batch}/100`, quantity: against(batch) })),
    { label: `${label} 50/100`, quantity: against(50), accept: [null, 0.97] },
  ];
}

/** Figure 7. */
export const BATCHING: Readonly<Record<string, readonly Measure[]>> = {
  B1: names.SATURATED.flatMap(flat),
  B2: names.perProtocol(names.SATURATED, (protocol) =>
    useOf(at(protocol), "primary", ({ egress }) => egress),
  ),
  B3: names.perProtocol(names.SATURATED, (protocol) => T(protocol)),
  B4: names.only(ratio(T(names.HYBSTER), T(names.LINEAR_HYBSTER))),
  B5: names.only(ratio(T(names.LINEAR_HYBSTER), T(names.PBFT))),
  B6: names.only(ratio(T(names.HOTSTUFF), T(names.PBFT))),
  B7: names.only(ratio(L(names.HOTSTUFF), L(names.PBFT))),
  B8: names.only(ratio(T(names.RCC), T(names.PBFT))),
  B9: names.only(inequality(names.ALIKE.map((protocol) => T(protocol)))),
  B10: names.only(ratio(T(names.RCC_SBFT), T(names.DQSBFT))),
  B11: names.only(ratio(T(names.DESTINY), T(names.DQSBFT))),
  // The mean of the others' latencies, each at its own knee.
  B12: names.only(ratio(L(names.DESTINY), average([...names.ALIKE, names.DQSBFT].map(L)))),
  B13: names.perProtocol([names.PBFT, names.LINEAR_HYBSTER, names.DQPBFT, names.DESTINY], bytesAlike),
  B14: names.perProtocol(names.MULTI_PRIMARY, rises),
};
