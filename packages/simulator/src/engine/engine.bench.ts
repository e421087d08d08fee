// The engine in the traffic of all-to-all votes: broadcasts to 300 receivers at up to 120 ms, handed over one by one. Three
// ways: an event for each message in the heap, one in the wheel, and one cursor for each broadcast in the wheel. Nothing is
// done with a message: this bounds what a simulation can reach. Processor time, medians of five.
// Run: npm run --silent build && npm run bench:engine
import { Random } from "@destiny/core/kernel/random";
import { Engine, Occurrence } from "./engine.ts";
import { EventHeap } from "./event-heap.ts";

const RECEIVERS = 300;
const BROADCASTS = 6_000;
const EVERY_MICROS = 200;
const LONGEST_MICROS = 120_000;
const ROUNDS = 5;

/** One-way delays, ascending. */
const DELAYS: readonly number[] = (() => {
  const random = new Random(1);
  return Array.from({ length: RECEIVERS }, () => 500 + random.below(LONGEST_MICROS)).sort((a, b) => a - b);
})();

let sum = 0;

class Message extends Occurrence {
  readonly #receiver: number;

  constructor(receiver: number) {
    super();
    this.#receiver = receiver;
  }

  happen(): void {
    sum += this.#receiver;
  }
}

class Cursor extends Occurrence {
  readonly #engine: Engine;
  readonly #sentAt: number;
  #place = 0;

  constructor(engine: Engine) {
    super();
    this.#engine = engine;
    this.#sentAt = engine.now;
    engine.schedule(this.#sentAt + (DELAYS[0] as number), this);
  }

  happen(): void {
    sum += this.#place;
    this.#place += 1;
    const delay = DELAYS[this.#place];
    if (delay !== undefined) this.#engine.schedule(this.#sentAt + delay, this);
  }
}

function inHeap(): void {
  const heap = new EventHeap<Message>();
  for (let broadcast = 0; broadcast < BROADCASTS; broadcast += 1) {
    const now = broadcast * EVERY_MICROS;
    while (heap.firstTime <= now) heap.pop().happen();
    for (const [receiver, delay] of DELAYS.entries()) heap.push(now + delay, new Message(receiver));
  }
  while (heap.size > 0) heap.pop().happen();
}

function inEngine(send: (engine: Engine) => void): void {
  const engine = new Engine();
  for (let broadcast = 0; broadcast < BROADCASTS; broadcast += 1) {
    engine.run(broadcast * EVERY_MICROS);
    send(engine);
  }
  engine.run(engine.now + 2 * LONGEST_MICROS);
}

function each(engine: Engine): void {
  for (const [receiver, delay] of DELAYS.entries()) {
    engine.schedule(engine.now + delay, new Message(receiver));
  }
}

const ways: Readonly<Record<string, () => void>> = {
  "heap, an event for each message": inHeap,
  "wheel, an event for each message": () => inEngine(each),
  "wheel, a cursor for each broadcast": () => inEngine((engine) => void new Cursor(engine)),
};

for (const [name, run] of Object.entries(ways)) {
  const rates: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    const before = process.cpuUsage();
    run();
    const { user, system } = process.cpuUsage(before);
    rates.push((RECEIVERS * BROADCASTS) / (user + system));
  }
  const median = rates.sort((a, b) => a - b)[ROUNDS >> 1] ?? 0;
  process.stdout.write(
    `${name.padEnd(40)} ${median.toFixed(1).padStart(6)} M messages per processor second\n`,
  );
}
if (sum === 0) throw new Error("nothing happened");
