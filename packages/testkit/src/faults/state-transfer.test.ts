import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Parameters } from "@destiny/core/parameters";
import { MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Cluster, commandOf } from "../cluster.ts";

const SECOND: Micros = 1_000_000;
const PARAMETERS: Partial<Parameters> = {
  checkpointPeriod: 8,
  orderWindow: 32,
  disseminationWindow: 16,
  referencesPerInstanceMax: 4,
  statusPeriod: SECOND,
  pullDelay: SECOND / 5,
};

/** A cluster whose disks keep no history: who missed a stable checkpoint must fetch the state. */
class Scene {
  readonly cluster: Cluster;
  readonly late: ReplicaId;
  #commands = 0;

  constructor(protocol: string, n: number, seed = 1) {
    this.cluster = Cluster.of(protocol, { n, seed, parameters: PARAMETERS, retryMicros: SECOND });
    this.late = n - 1;
    for (const host of this.cluster.simulation.world.hosts) host.disk.historySlotsMax = 0;
  }

  get others(): readonly ReplicaId[] {
    return this.cluster.replicas.filter((replica) => replica !== this.late);
  }

  /** Every coordinator but the late replica's own is given something to do, so often, for so long. */
  load(span: Micros, every: Micros = SECOND / 20): void {
    const { engine } = this.cluster.simulation.world;
    for (let at = 0; at < span; at += every) {
      const home = this.others[this.#commands % this.others.length] ?? 0;
      const command = `command ${this.#commands} ${"x".repeat(200)}`;
      this.#commands += 1;
      const client = this.cluster.client(this.isSingle ? 0 : home);
      engine.after(at, () => void client.submit([commandOf(command)]));
    }
  }

  get isSingle(): boolean {
    return this.cluster.replica(0).status().instances.length === 1;
  }

  /** The late replica goes down, and the others go on beyond what it could still get from their logs. */
  outrun(): void {
    this.load(2 * SECOND);
    this.cluster.run(3 * SECOND);
    this.cluster.crash(this.late);
    this.load(8 * SECOND);
    this.cluster.run(10 * SECOND);
  }

  /** It comes back, with an empty disk if told so. */
  comeBack(wiped: boolean): void {
    if (wiped) this.cluster.simulation.world.host(this.late).disk.wipe();
    this.cluster.restart(this.late);
  }

  /** Messages of this kind that the late replica has got or sent. */
  count(kind: MessageKind): number {
    return this.cluster.sent.filter(
      ({ from, to, message }) => message.kind === kind && (from === this.late || to === this.late),
    ).length;
  }

  /** Runs until it executes what the others do, and has taken a checkpoint that is theirs. */
  expectRejoined(span: Micros = 20 * SECOND): void {
    this.cluster.run(span);
    const reference = this.others.find((replica) => this.cluster.simulation.world.host(replica).alive) ?? 0;
    const [theirs, ours] = [reference, this.late].map((replica) => this.cluster.replica(replica).status());
    expect(ours?.transfer).toBeNull();
    expect(ours?.executed).toBe(theirs?.executed);
    expect(ours?.checkpoint).toEqual(theirs?.checkpoint);
    expect(this.cluster.executed(this.late)).toEqual(this.cluster.executed(reference));
  }
}

const PROTOCOLS = [
  ["destiny", 5],
  ["single-linear-hybster", 3],
] as const;

test.each(PROTOCOLS)(
  "%s: a replica that was away beyond all logs fetches the state under load",
  (name, n) => {
    const scene = new Scene(name, n);
    scene.outrun();
    const { cluster, late } = scene;
    scene.load(10 * SECOND);
    scene.comeBack(false);
    cluster.run(10 * SECOND);
    expect(scene.count(MessageKind.StatePages)).toBeGreaterThan(0);
    scene.expectRejoined();
    const { checkpoint } = cluster.replica(late).status();
    expect(checkpoint.seq).toBeGreaterThan(0);
    expect(cluster.reports.filter(({ reason }) => reason === Misbehaviour.WrongState)).toEqual([]);
  },
);

test.each(PROTOCOLS)("%s: so does one whose disk is gone, and it answers its clients from it", (name, n) => {
  const scene = new Scene(name, n);
  scene.outrun();
  scene.load(5 * SECOND);
  scene.comeBack(true);
  scene.expectRejoined();
});
