import { Random } from "@destiny/core/kernel/random";
import { expect, test } from "vitest";
import { Engine } from "../engine/engine.ts";
import { constantLatency, type LatencyModel, matrixLatency, uniformLatency } from "./latency.ts";
import { Network } from "./network.ts";
import type { Deliver } from "./shipment.ts";

function open(latency: LatencyModel): { engine: Engine; network: Network; arrived: string[] } {
  const engine = new Engine();
  const arrived: string[] = [];
  const deliver: Deliver = ({ instance }, from, to) =>
    void arrived.push(`${from}->${to} #${instance} at ${engine.now}`);
  return { engine, network: new Network({ engine, latency, deliver, n: 4 }), arrived };
}

const parcel = (from: number, to: number, instance: number) => ({ from, to, instance, content: {} });

test("a parcel arrives after the latency of its link", () => {
  const { engine, network, arrived } = open(
    matrixLatency([
      [0, 5],
      [7, 0],
    ]),
  );
  network.send(parcel(0, 1, 1));
  network.send(parcel(1, 0, 2));
  network.send(parcel(3, 0, 3)); // A client that sits at 1.
  engine.run(100);
  expect(arrived).toEqual(["0->1 #1 at 5", "1->0 #2 at 7", "3->0 #3 at 7"]);
});

test("a link is first in, first out, whatever its latency does", () => {
  const { engine, network, arrived } = open(uniformLatency(0, 1_000, new Random(1)));
  for (let i = 0; i < 100; i += 1) {
    network.send(parcel(0, 1, i));
    engine.run(engine.now + 10);
  }
  engine.run(10_000);
  expect(arrived.map((each) => Number(/#(\d+)/.exec(each)?.[1]))).toEqual(
    Array.from({ length: 100 }, (_, i) => i),
  );
});

test("what is held arrives when the hold is lifted, and lets others pass", () => {
  const { engine, network, arrived } = open(constantLatency(10));
  const hold = network.hold(({ instance }) => instance === 1);
  network.send(parcel(0, 1, 1));
  network.send(parcel(0, 1, 2));
  engine.run(100);
  hold.lift();
  engine.run(200);
  expect(arrived).toEqual(["0->1 #2 at 10", "0->1 #1 at 110"]);
});

test("what is dropped is lost for good, until the rule is lifted; watchers see it all", () => {
  const { engine, network, arrived } = open(constantLatency(10));
  const seen: number[] = [];
  network.watch(({ instance }) => void seen.push(instance));
  const drop = network.drop(({ to }) => to === 1);
  network.send(parcel(0, 1, 1));
  network.send(parcel(0, 2, 2));
  drop.lift();
  network.send(parcel(0, 1, 3));
  engine.run(100);
  expect(arrived).toEqual(["0->2 #2 at 10", "0->1 #3 at 10"]);
  expect(seen).toEqual([1, 2, 3]);
});
