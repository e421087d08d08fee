import { MessageKind } from "@destiny/core/wire/messages";
import { matrixLatency } from "@destiny/simulator/network/latency";
import { expect, test } from "vitest";
import { Cluster } from "./cluster.ts";

const SECOND = 1_000_000;
const N = 7;
const FAR = N - 1;

test("sbft.md 4: a collector that gave up too soon teaches all the others to wait longer", () => {
  // The farthest shares are 80 ms later than others: a wait doubled three times is long enough. The slow path takes 120 more.
  const rows = Array.from({ length: N }, (_, from) =>
    Array.from({ length: N }, (__, to) => (from === FAR || to === FAR ? 100_000 : 60_000)),
  );
  const cluster = Cluster.of("single-sbft", { n: N, seed: 1, latency: () => matrixLatency(rows) });
  const gaveUp = Array.from({ length: N - 1 }, (_, i) => {
    cluster.sent.length = 0;
    cluster.submit(0, `command ${i}`);
    cluster.run(SECOND);
    expect([cluster.count(MessageKind.SbftFast), cluster.count(MessageKind.SbftSlow)]).toEqual([N - 1, 0]);
    return cluster.count(MessageKind.SbftPrepare) > 0;
  });
  // Every one of these slots had another collector, the first one the farthest replica, to which all are equally far.
  expect(gaveUp).toEqual([false, true, true, true, false, false]);
});
