import { Random } from "@destiny/core/kernel/random";
import { expect, test } from "vitest";
import { Engine } from "../engine/engine.ts";
import { constantLatency } from "./latency.ts";
import { Links, type LinksOptions, NEVER } from "./links.ts";
import { Network } from "./network.ts";
import { Traffic } from "./traffic.ts";
import type { Wan } from "./wan.ts";

/** Two regions, 10 ms apart one way and 20 ms the other; 80 Mb/s between them, 800 at home, which is what interfaces have. */
const WAN: Wan = {
  name: "two",
  regions: ["a", "b"],
  delays: [
    [100, 10_000],
    [20_000, 100],
  ],
  rates: [
    [800, 80],
    [80, 800],
  ],
  interfaceRate: 800,
};
/** 1 000 bytes take 10 us on an interface, and 100 us between the regions. */
const KILOBYTE = 1_000;

function open(n: number, options: Partial<LinksOptions> = {}): Links {
  const rest = { rates: true, jitter: null, loss: 0, traffic: null, ...options };
  return new Links({ n, wan: WAN, random: new Random(1), ...rest });
}

interface Arrival {
  readonly from: number;
  readonly to: number;
  readonly message: number;
  readonly at: number;
}

interface Line {
  readonly engine: Engine;
  readonly network: Network;
  readonly arrived: Arrival[];
}

function line(links: Links): Line {
  const engine = new Engine();
  const arrived: Arrival[] = [];
  const network = new Network({
    engine,
    n: links.n,
    links,
    latency: constantLatency(0),
    deliver: ({ instance }, from, to) => void arrived.push({ from, to, message: instance, at: engine.now }),
  });
  return { engine, network, arrived };
}

test("copies leave one after the other, the neighbour's first, and cross at the rate of the slowest part of their way", () => {
  const arrivals = new Float64Array(4);
  open(4).broadcast(1, KILOBYTE, 0, arrivals);
  // To 2 at 0, to 3 at 10, to 0 at 20: to regions a, b, a.
  expect([...arrivals.subarray(2), arrivals[0]]).toEqual([20_100, 10 + 10 + 100, 20 + 100 + 20_000]);
});

test("without rates only distance counts", () => {
  const arrivals = new Float64Array(4);
  open(4, { rates: false }).broadcast(0, 1e9, 0, arrivals);
  expect([...arrivals.subarray(1)]).toEqual([10_000, 100, 10_000]);
});

test("what leaves is counted when it leaves, not when it is handed over", () => {
  const traffic = new Traffic(4, { from: 5, to: 25 });
  const links = open(4, { traffic });
  for (let copy = 0; copy < 4; copy += 1) links.unicast(0, 1, KILOBYTE, 0);
  links.unicast(2, 1, KILOBYTE, 30);
  traffic.reset();
  // Half of the first, the second, half of the third.
  expect([traffic.sentBytes[0], traffic.sentBytes[2]]).toEqual([2 * KILOBYTE, 0]);
});

test("interfaces and links have queues, and traffic knows how long things stood in them", () => {
  const traffic = new Traffic(4);
  const links = open(4, { traffic });
  expect(links.unicast(0, 1, KILOBYTE, 0)).toBe(10_100);
  expect(links.unicast(0, 1, KILOBYTE, 0)).toBe(10_200);
  expect(links.unicast(0, 2, KILOBYTE, 0)).toBe(20 + 10 + 100);
  expect([traffic.egressWait[0], traffic.linkWait[0]]).toEqual([10 + 20, 90]);
  expect([traffic.sentBytes[0], traffic.pairBytes[1]]).toEqual([3 * KILOBYTE, 2 * KILOBYTE]);
  expect([links.ingress(3, KILOBYTE, 500), links.ingress(3, KILOBYTE, 500)]).toEqual([500, 510]);
  expect([traffic.ingressWait[3], traffic.received[3]]).toEqual([10, 2]);
  traffic.reset();
  expect([traffic.delivered, traffic.receivedBytes[3], traffic.linkWait[0]]).toEqual([0, 0, 0]);
});

test("what comes to one replica at once is handed over as fast as its interface takes it in, in its order", () => {
  const { engine, network, arrived } = line(open(6));
  for (const from of [1, 3, 5]) {
    network.send({ from, to: 0, instance: from, content: {} }, 2 * KILOBYTE);
  }
  engine.run(100_000);
  expect(arrived.map(({ from, at }) => [from, at])).toEqual([
    [1, 20_200],
    [3, 20_220],
    [5, 20_240],
  ]);
});

test("a laggard's messages take longer, both ways; when it recovers none overtakes", () => {
  const links = open(4, { rates: false });
  links.lag(0, 5_000);
  expect([links.unicast(0, 2, 1, 0), links.unicast(2, 0, 1, 0)]).toEqual([5_100, 5_100]);
  links.lag(0, 0);
  expect([links.unicast(0, 2, 1, 1_000), links.unicast(0, 2, 1, 9_000)]).toEqual([5_101, 9_100]);
});

test("groups of a partition hear only each other, until it ends; the lost are lost", () => {
  const links = open(4);
  links.partition([[0, 1], [2]]);
  const reached = (from: number): number[] =>
    [0, 1, 2, 3].filter((to) => to !== from && links.unicast(from, to, 1, 0) !== NEVER);
  expect([reached(0), reached(2), reached(3)]).toEqual([[1], [], []]);
  links.partition(null);
  expect(reached(3)).toEqual([0, 1, 2]);
});

test("a share of messages is lost", () => {
  const links = open(2, { loss: 0.25 });
  let lost = 0;
  for (let i = 0; i < 4_000; i += 1) if (links.unicast(0, 1, 1, i) === NEVER) lost += 1;
  expect(lost).toBeGreaterThan(900);
  expect(lost).toBeLessThan(1_100);
});

test("clients sit in regions too, and have all the bandwidth they want", () => {
  const links = open(2);
  links.placeClient(2, 1);
  expect(links.unicast(2, 0, 1e9, 7)).toBe(20_007);
  expect(links.unicast(0, 2, KILOBYTE, 0)).toBe(10_010);
  expect(links.unicast(0, 2, KILOBYTE, 0)).toBe(10_020);
});

/** A random play of sends and broadcasts of small and large messages, with laggards. */
function play(options: Partial<LinksOptions>, isWatched: boolean): Arrival[] {
  const links = open(7, options);
  const { engine, network, arrived } = line(links);
  if (isWatched) network.watch(() => undefined);
  const random = new Random(5);
  for (let message = 0; message < 400; message += 1) {
    const from = random.below(links.n);
    const bytes = random.chance(0.2) ? 20 * KILOBYTE : 100;
    const at = engine.now + random.below(3) / 2;
    if (random.chance(0.5)) network.broadcast(from, { instance: message, content: {}, bytes }, at);
    else {
      const to = (from + 1 + random.below(links.n - 1)) % links.n;
      network.send({ from, to, instance: message, content: {} }, bytes, at);
    }
    if (random.chance(0.1)) links.lag(random.below(links.n), random.below(3_000));
    engine.run(engine.now + random.below(200));
  }
  engine.run(engine.now + 10_000_000);
  expect(arrived.length).toBeGreaterThan(1_000);
  return arrived;
}

test("whole broadcasts arrive as their copies would, one by one: nothing changes when somebody watches", () => {
  const byPath = (arrived: Arrival[]): Arrival[] =>
    arrived.sort((a, b) => a.message - b.message || a.to - b.to);
  const [copies, whole] = [byPath(play({}, true)), byPath(play({}, false))];
  expect(copies.map(({ to, message }) => [to, message])).toEqual(
    whole.map(({ to, message }) => [to, message]),
  );
  const off = copies.map(({ at }, index) => Math.abs(at - (whole[index]?.at ?? 0)));
  // Two that come to one interface in the same microsecond may have changed places.
  expect(Math.max(...off)).toBeLessThanOrEqual(201);
  expect(off.filter((micros) => micros > 0).length).toBeLessThan(whole.length / 50);
});

test("a link is first in, first out, whatever jitter, lag and sizes do", () => {
  const last = new Map<number, number>();
  for (const { from, to, message } of play({ jitter: { pairShare: 0.1, messageShare: 0.3 } }, false)) {
    expect(message).toBeGreaterThan(last.get(from * 7 + to) ?? -1);
    last.set(from * 7 + to, message);
  }
  expect(last.size).toBe(42);
});

test("one seed, one run", () => {
  const jitter = { pairShare: 0.1, messageShare: 0.3 };
  expect(play({ jitter, loss: 0.1 }, false)).toEqual(play({ jitter, loss: 0.1 }, false));
});
