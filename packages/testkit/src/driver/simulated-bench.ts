import type { Outbox } from "@destiny/core/effects/port";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Driven } from "@destiny/core/replica/driven";
import type { Message } from "@destiny/core/wire/messages";
import { World } from "@destiny/simulator/cluster/world";
import type { Departure, DriverBench } from "./driver-suite.ts";
import { marked, markOf, ScriptedReplica, stateIn } from "./scripted-replica.ts";

const CLIENT = "c".repeat(32);
const N = 3;

/** The simulator's driver on the bench. */
export class SimulatedBench implements DriverBench {
  readonly departures: Departure[] = [];
  readonly #world: World;
  #create: (outbox: Outbox) => Driven = (outbox) => new ScriptedReplica(outbox);

  constructor() {
    const faults = FaultModel.hybrid(N);
    const create = (self: ReplicaId, outbox: Outbox): Driven =>
      self === 0 ? this.#create(outbox) : new ScriptedReplica(outbox);
    this.#world = new World({ faults, seed: 1, instances: 1, create });
    this.#world.join({ key: CLIENT, onReply: () => {} });
    this.#world.network.watch(({ from, to, content }) => {
      if (from !== 0) return;
      const message = content as Message;
      if (to < N) this.departures.push({ to, mark: markOf(message), ...stateIn(message) });
      else this.departures.push({ to: "client", mark: (content as { timestamp: number }).timestamp });
    });
  }

  async start(create: (outbox: Outbox) => Driven): Promise<void> {
    this.#create = create;
    this.#world.start();
  }

  deliver(from: ReplicaId, mark: number): void {
    this.#world.network.send({ from, to: 0, instance: 0, content: marked(mark) });
  }

  stallDisk(): void {
    this.#world.host(0).disk.stall();
  }

  resumeDisk(): void {
    this.#world.host(0).disk.resume();
  }

  async settle(): Promise<void> {
    this.#world.settle(10_000_000);
  }

  async restart(create: (outbox: Outbox) => Driven): Promise<void> {
    this.#create = create;
    this.#world.host(0).crash();
    this.#world.host(0).start();
  }

  async close(): Promise<void> {}
}
