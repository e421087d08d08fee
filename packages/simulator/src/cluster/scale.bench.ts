// How fast a large cluster is simulated: the protocol code of production on ten Azure regions, links with rates, machines that
// take no time, requests of 200 commands that come evenly to all coordinators. Prints virtual seconds, and protocol messages
// delivered, per second of processor time, which is the honest unit where others compute beside.
// Run: npm run --silent build && npm run bench:sim [protocol] [replicas] [batches per second] [virtual seconds] [aggregated]
import { findProtocol } from "@destiny/core/catalogue";
import type { FaultModel } from "@destiny/core/kernel/fault-model";
import { type ReplicaId, ROOT } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { defaultParameters, type Parameters } from "@destiny/core/parameters";
import { Replica, STATUS_TIMER } from "@destiny/core/replica/replica";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import type { Service } from "@destiny/core/service/service";
import { type Message, Proposal } from "@destiny/core/wire/messages";
import { Request } from "@destiny/core/wire/request";
import { Occurrence } from "../engine/engine.ts";
import { Links } from "../network/links.ts";
import type { Sizes } from "../network/sizes.ts";
import { Traffic } from "../network/traffic.ts";
import { openWan } from "../network/wan.ts";
import { CrashTrust } from "../trust/crash-trust.ts";
import { fastDigest } from "../trust/fast-digest.ts";
import { World } from "./world.ts";

const SECOND = 1_000_000;
const CLIENTS_PER_REPLICA = 4;
const PIPELINE = 4;
const SIGNATURE = new Uint8Array(64);
const DONE = new Uint8Array(0);
const OPERATION = encodeOperation(OperationKind.Command, Uint8Array.of(1));
const PROOFS = { share: 48, aggregate: 48, resultShare: 48, resultAggregate: 48, certificate: 64 };
const SIZES: Sizes = {
  message: sizeOf,
  clientMessage: () => 106_000,
  reply: () => 5_000,
};

/** Batches of 200 commands, references with their evidence, and votes. */
function sizeOf(message: Message): number {
  if (!(message instanceof Proposal) || message.value === null) return 250;
  return message.evidence.length === 0 ? 106_000 : 250 * message.evidence.length;
}

const NULL_SERVICE: Service = {
  apply: () => DONE,
  query: () => DONE,
  state: { pageCount: 0, takeDirty: () => [], page: () => DONE, load: () => undefined },
};

/** The parameters of the authors' experiments, and time enough for a round trip around the world. */
function parametersFor(n: number): Parameters {
  return defaultParameters(n, {
    disseminationWindow: 64,
    orderEntriesMax: 24,
    orderBatchDelay: 50_000,
    batchBytes: 1,
    pullDelay: 2 * SECOND,
    statusPeriod: 2 * SECOND,
    suspicionDelay: 10 * SECOND,
    viewChangeDelay: 10 * SECOND,
    pipeline: PIPELINE,
  });
}

/** Requests that come to one coordinator at even intervals. */
class Arrivals extends Occurrence {
  readonly #world: World;
  readonly #home: ReplicaId;
  readonly #n: number;
  readonly #interval: number;
  #count = 0;

  constructor(world: World, home: ReplicaId, n: number, interval: number) {
    super(true);
    this.#world = world;
    this.#home = home;
    this.#n = n;
    this.#interval = interval;
    world.engine.schedule(SECOND + Math.floor((home * interval) / n), this);
  }

  happen(): void {
    const { trust, engine } = this.#world;
    const number = this.#home + (this.#count % CLIENTS_PER_REPLICA) * this.#n;
    const timestamp = 1 + Math.floor(this.#count / CLIENTS_PER_REPLICA);
    const fields = { client: trust.clientKey(number), timestamp, operations: [OPERATION] };
    const request = Request.create(fields, fastDigest, () => SIGNATURE);
    request.valid = true;
    this.#count += 1;
    engine.schedule(engine.now + this.#interval, this);
    this.#world.host(this.#home).act((driven) => driven.submit(request));
  }
}

interface Scene {
  readonly name: string;
  readonly faults: FaultModel;
  readonly traffic: Traffic;
  readonly replicas: Replica[];
  readonly aggregated: boolean;
}

function createWorld({ name, faults, traffic, replicas, aggregated }: Scene): World {
  const protocol = present(findProtocol(name), `a protocol of the name ${name}`);
  const { n } = faults;
  const parameters = parametersFor(n);
  return new World({
    faults,
    seed: 1,
    instances: n + 1,
    durable: false,
    aggregated,
    trust: new CrashTrust(faults, PROOFS),
    sizes: SIZES,
    delays: { diskMicros: 0, verifyMicros: 0, certifyMicros: 300, combineMicros: 500 },
    links: (random) =>
      new Links({ n, wan: openWan("azure"), random, rates: true, jitter: null, loss: 0, traffic }),
    isBackground: ({ instance, timer }) => instance === ROOT && timer === STATUS_TIMER,
    create: (self, outbox) => {
      const admission = { type: "anyone", clientsMax: parameters.clientsMax } as const;
      const common = { self, faults, parameters, admission, service: NULL_SERVICE, outbox, hash: fastDigest };
      const replica = new Replica({ ordering: protocol.ordering, replies: protocol.replies, ...common });
      replicas[self] = replica;
      return replica;
    },
  });
}

function processorSeconds(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / SECOND;
}

function megabytes(bytes: number): string {
  return `${(bytes / 1e6).toFixed(0)} MB`;
}

function run(name: string, n: number, rate: number, seconds: number, aggregated: boolean): void {
  const faults = present(findProtocol(name), `a protocol of the name ${name}`).faults(n);
  const traffic = new Traffic(n);
  const replicas: Replica[] = [];
  const before = { cpu: processorSeconds(), heap: process.memoryUsage().heapUsed };
  const world = createWorld({ name, faults, traffic, replicas, aggregated });
  world.start();
  const multi = replicas[0]?.status().instances.length !== 1;
  print(`${name}, n = ${n}: made in ${(processorSeconds() - before.cpu).toFixed(2)} s,`);
  print(` ${megabytes(process.memoryUsage().heapUsed - before.heap)} of heap\n`);
  const coordinators = multi ? n : 1;
  const interval = Math.round((SECOND * coordinators) / rate);
  for (let home = 0; home < coordinators; home += 1) new Arrivals(world, home, n, interval);
  world.run(2 * SECOND);
  for (let second = 0; second < seconds; second += 1) {
    const start = processorSeconds();
    const [delivered, executed] = [traffic.delivered, replicas[0]?.status().commands ?? 0];
    world.run(SECOND);
    const spent = processorSeconds() - start;
    const messages = traffic.delivered - delivered;
    const batches = (replicas[0]?.status().commands ?? 0) - executed;
    print(`second ${second + 1}: ${batches} batches, ${(messages / 1e6).toFixed(2)} M messages,`);
    print(` ${spent.toFixed(2)} s of processor: ${(messages / spent / 1e6).toFixed(2)} M messages/s\n`);
  }
  const { rss, heapUsed } = process.memoryUsage();
  print(`trace ${world.trace.hash}, ${world.engine.happened} events, ${world.reports.length} reports,`);
  print(` ${megabytes(heapUsed)} of heap, ${megabytes(rss)} resident\n`);
}

function print(text: string): void {
  process.stdout.write(text);
}

const [name = "destiny", replicas = "301", rate = "1000", seconds = "2", mode = "exact"] =
  process.argv.slice(2);
run(name, Number(replicas), Number(rate), Number(seconds), mode === "aggregated");
