import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Parameters } from "@destiny/core/parameters";
import { Anchor } from "@destiny/core/wire/anchor";
import { type Message, MessageKind } from "@destiny/core/wire/messages";
import { FetchState, StateDigests, StatePages } from "@destiny/core/wire/state-transfer";
import { expect, test, vi } from "vitest";
import { Cluster, commandOf, type Letter } from "../cluster.ts";

vi.setConfig({ testTimeout: 60_000 });

const SECOND: Micros = 1_000_000;
const LATENCY: Micros = 10_000;
const PARAMETERS: Partial<Parameters> = {
  checkpointPeriod: 8,
  orderWindow: 32,
  disseminationWindow: 16,
  referencesPerInstanceMax: 4,
  statusPeriod: SECOND,
  pullDelay: SECOND / 5,
};
/** Bytes of a command: a page of the ledger holds 16, so that most pages come in two pieces. */
const COMMAND_BYTES = 40_000;

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

  /** The others, in the order in which the late replica turns to them. */
  get others(): readonly ReplicaId[] {
    return this.cluster.replicas.filter((replica) => replica !== this.late);
  }

  /** The coordinators but the late replica are given something to do, so often, for so long. */
  load(span: Micros, every: Micros = SECOND / 10): void {
    const { engine } = this.cluster.simulation.world;
    const isSingle = this.cluster.replica(0).status().instances.length === 1;
    for (let at = 0; at < span; at += every) {
      const home = isSingle ? 0 : (this.others[this.#commands % this.others.length] ?? 0);
      const command = `${this.#commands} `.padEnd(COMMAND_BYTES, "x");
      this.#commands += 1;
      const client = this.cluster.client(home);
      engine.after(at, () => void client.submit([commandOf(command)]));
    }
  }

  /** The late replica goes down, and the others go on beyond what it could still get from their logs. */
  outrun(): this {
    this.load(2 * SECOND);
    this.cluster.run(3 * SECOND);
    this.cluster.crash(this.late);
    this.load(8 * SECOND);
    this.cluster.run(10 * SECOND);
    return this;
  }

  /** It comes back, with an empty disk if told so. */
  comeBack(wiped = false): void {
    if (wiped) this.cluster.simulation.world.host(this.late).disk.wipe();
    this.cluster.restart(this.late);
  }

  /** Puts something else in the place of messages to the late replica; null for nothing at all. */
  tamper(change: (letter: Letter) => Message | null): void {
    const { network } = this.cluster.simulation.world;
    network.drop((parcel) => {
      const { from, to, instance, content } = parcel;
      if (to !== this.late || from >= this.cluster.n) return false;
      const message = content as Message;
      const changed = change({ from, to, instance, message });
      if (changed === message) return false;
      if (changed !== null) network.replay({ ...parcel, content: changed }, LATENCY);
      return true;
    });
  }

  /** Messages of a kind that were sent to the late replica. */
  received<T extends Message>(kind: new (fields: never) => T): T[] {
    return this.cluster.sent
      .filter(({ to, message }) => to === this.late && message instanceof kind)
      .map(({ message }) => message as T);
  }

  /** Of whom the late replica says that they sent it a wrong state. */
  get accused(): readonly ReplicaId[] {
    const { reports } = this.cluster;
    const wrong = reports.filter(({ by, reason }) => by === this.late && reason === Misbehaviour.WrongState);
    return [...new Set(wrong.map(({ peer }) => peer))].sort((a, b) => a - b);
  }

  get isFetching(): boolean {
    return this.cluster.replica(this.late).status().transfer !== null;
  }

  /** Runs until the late replica is where the others are, and has taken a checkpoint that is theirs. */
  expectRejoined(span: Micros = 30 * SECOND): void {
    this.cluster.run(span);
    const { hosts } = this.cluster.simulation.world;
    const reference = this.others.find((replica) => hosts[replica]?.alive === true) ?? 0;
    const theirs = this.cluster.replica(reference).status();
    const ours = this.cluster.replica(this.late).status();
    expect(ours.transfer).toBeNull();
    expect(ours.executed).toBe(theirs.executed);
    expect(ours.checkpoint).toEqual(theirs.checkpoint);
    expect(this.cluster.executed(this.late)).toEqual(this.cluster.executed(reference));
  }
}

const PROTOCOLS = [
  ["destiny", 5],
  ["single-linear-hybster", 3],
  ["dqhybster", 4],
  ["single-hybster", 3],
  ["dqpbft", 4],
  ["single-pbft", 4],
  ["dqsbft", 4],
  ["single-sbft", 4],
] as const;

test.each(PROTOCOLS)(
  "%s: a replica that was away beyond all logs fetches the state under load",
  (name, n) => {
    const scene = new Scene(name, n).outrun();
    scene.load(10 * SECOND);
    scene.comeBack();
    scene.expectRejoined();
    expect(scene.received(StatePages).length).toBeGreaterThan(0);
    expect(scene.accused).toEqual([]);
  },
);

test.each(PROTOCOLS)(
  "%s: so does one whose disk is gone, and what it holds then survives a crash",
  (name, n) => {
    const scene = new Scene(name, n).outrun();
    scene.load(5 * SECOND);
    scene.comeBack(true);
    scene.expectRejoined();
    scene.cluster.crash(scene.late);
    scene.cluster.restart(scene.late);
    const fetched = scene.received(StatePages).length;
    scene.expectRejoined();
    expect(scene.received(StatePages)).toHaveLength(fetched);
  },
);

test("only what differs is fetched, of several peers at once, and they agree on the checkpoint that is kept for it", () => {
  const scene = new Scene("destiny", 5).outrun();
  scene.load(5 * SECOND);
  scene.comeBack();
  scene.expectRejoined();
  const asked = scene.cluster.sent.filter(({ message }) => message instanceof FetchState);
  const pieces = asked.flatMap(({ message }) => (message as FetchState).pieces);
  const { checkpoint } = scene.cluster.replica(scene.late).status();
  expect(checkpoint.seq).toBeGreaterThan(0);
  // The ledger's first page was full when the late replica went down.
  const indices = pieces.map(({ index }) => index);
  expect(Math.min(...indices.filter((index) => index >= 66))).toBeGreaterThan(66);
  const sources = scene.cluster.sent.filter(({ message }) => message instanceof StatePages);
  expect(new Set(sources.map(({ from }) => from)).size).toBeGreaterThan(1);
});

const lies: readonly (readonly [string, (message: Message) => Message | null])[] = [
  [
    "wrong pages",
    (message) => {
      if (!(message instanceof StatePages)) return message;
      const [first = new Uint8Array(0), ...others] = message.pieces;
      const wrong = first.slice();
      wrong[wrong.length - 1] = (wrong[wrong.length - 1] ?? 0) ^ 1;
      return new StatePages({ ...message, pieces: [wrong, ...others] });
    },
  ],
  [
    "fewer bytes than were asked for",
    (message) => {
      if (!(message instanceof StatePages)) return message;
      return new StatePages({ ...message, pieces: message.pieces.map((bytes) => bytes.subarray(1)) });
    },
  ],
  [
    "wrong digests",
    (message) => {
      if (!(message instanceof StateDigests) || message.digests.length === 0) return message;
      const digests = message.digests.with(5, "x".repeat(32));
      return new StateDigests({ ...message, digests });
    },
  ],
  [
    "another shape",
    (message) => {
      if (!(message instanceof StateDigests) || message.digests.length === 0) return message;
      const shape = message.shape.slice();
      shape[8] = 255;
      return new StateDigests({ ...message, shape });
    },
  ],
  [
    "fewer digests",
    (message) => {
      if (!(message instanceof StateDigests) || message.digests.length === 0) return message;
      return new StateDigests({ ...message, digests: message.digests.slice(0, -1) });
    },
  ],
];

test.each(lies)(
  "f sources that send %s are found out, each for itself, and the state comes from others",
  (_says, lie) => {
    const scene = new Scene("destiny", 5).outrun();
    scene.tamper(({ from, message }) => (from < 2 ? lie(message) : message));
    scene.load(5 * SECOND);
    scene.comeBack(true);
    scene.expectRejoined();
    expect(scene.accused.length).toBeGreaterThan(0);
    for (const peer of scene.accused) expect(peer).toBeLessThan(2);
  },
);

test("an anchor that lies about the number of pages misleads nobody", () => {
  const scene = new Scene("destiny", 5).outrun();
  scene.tamper(({ from, message }) => {
    if (from > 1 || !(message instanceof Anchor)) return message;
    return new Anchor({ ...message, pageCount: message.pageCount + 1 });
  });
  scene.comeBack(true);
  scene.expectRejoined();
  expect(scene.accused).toEqual([]);
});

test("a source that repeats itself without end, or sends what nobody asked for, is not listened to", () => {
  const scene = new Scene("destiny", 5).outrun();
  const { network } = scene.cluster.simulation.world;
  scene.tamper(({ from, to, instance, message }) => {
    if (from !== 0 || !(message instanceof StatePages)) return message;
    for (let ticket = 0; ticket < 200; ticket += 1) {
      network.replay({ from, to, instance, content: new StatePages({ ...message, ticket }) }, ticket * 1_000);
    }
    return message;
  });
  scene.comeBack(true);
  scene.expectRejoined();
});

test.each(PROTOCOLS)("%s: a source that vanishes when almost all has come is replaced", (name, n) => {
  const whole = new Scene(name, n).outrun();
  whole.comeBack(true);
  whole.expectRejoined();
  const answers = whole.received(StatePages).length;
  expect(answers).toBeGreaterThan(8);

  const scene = new Scene(name, n).outrun();
  let left = answers - 2;
  scene.tamper(({ message }) => {
    if (!(message instanceof StatePages)) return message;
    left -= 1;
    return left < 0 && left > -6 ? null : message;
  });
  scene.load(5 * SECOND);
  scene.comeBack(true);
  scene.expectRejoined();
  expect(scene.received(StatePages).length).toBeLessThan(answers + 20); // Not all over again.
});

test("with f silent sources, and one correct holder only, it still ends", () => {
  const scene = new Scene("destiny", 5).outrun();
  const holder = 2;
  scene.cluster.drop(
    ({ from, to, message }) => message instanceof FetchState && from === scene.late && to !== holder,
  );
  scene.load(5 * SECOND);
  scene.comeBack(true);
  scene.expectRejoined(60 * SECOND);
});

test("others that do not have it say so, and are asked again when there is something newer", () => {
  const scene = new Scene("destiny", 5).outrun();
  // Two come back with empty disks: they have nothing for each other.
  scene.cluster.crash(3);
  scene.cluster.simulation.world.host(3).disk.wipe();
  scene.cluster.restart(3);
  scene.load(5 * SECOND);
  scene.comeBack(true);
  scene.expectRejoined(40 * SECOND);
  expect(scene.cluster.executed(3)).toEqual(scene.cluster.executed(0));
});

test("a checkpoint that is being fetched is kept, however many newer ones come meanwhile", () => {
  const scene = new Scene("destiny", 5).outrun();
  // A slow line: half a second for a piece.
  const { network, engine } = scene.cluster.simulation.world;
  let free = 0;
  network.meddle(({ to, content }) => {
    if (to !== scene.late || !(content instanceof StatePages)) return null;
    free = Math.max(free, engine.now) + SECOND / 2;
    return { delays: [free - engine.now], overtakes: false };
  });
  scene.load(20 * SECOND);
  scene.comeBack(true);
  const installed = new Set<number>();
  const behind: number[] = [];
  for (let step = 0; step < 200; step += 1) {
    scene.cluster.run(SECOND / 10);
    const { checkpoint, transfer } = scene.cluster.replica(scene.late).status();
    installed.add(checkpoint.seq);
    if (transfer !== null) behind.push(scene.cluster.replica(0).status().stable - transfer.seq);
  }
  expect(Math.max(...behind)).toBeGreaterThan(3 * 8);
  const targets = [...new Set(scene.received(StatePages).map(({ seq }) => seq))];
  // Every state that was begun was fetched to its end, but the last one perhaps.
  for (const seq of targets.slice(0, -1)) expect(installed).toContain(seq);
  network.meddle(null);
  scene.expectRejoined();
});

test("a newer state needs only what is new, when nobody has the old one any more", () => {
  const scene = new Scene("destiny", 5).outrun();
  scene.comeBack(true);
  let answered = 0;
  scene.cluster.drop(({ to, message }) => {
    if (to !== scene.late || !(message instanceof StatePages)) return false;
    answered += 1;
    return answered > 10;
  });
  scene.cluster.run(8 * SECOND);
  expect(scene.isFetching).toBe(true);
  // The sources restart, which ends what they kept, and go on.
  for (const replica of scene.others) {
    scene.cluster.crash(replica);
    scene.cluster.restart(replica);
  }
  scene.load(3 * SECOND);
  scene.cluster.run(5 * SECOND);
  scene.cluster.release();
  const before = scene.cluster.sent.length;
  scene.expectRejoined();
  const later = scene.cluster.sent.slice(before).filter(({ message }) => message instanceof StatePages);
  expect(later.length).toBeGreaterThan(0);
  const state = scene.cluster.replica(scene.late).status();
  expect(state.executed).toBeGreaterThan(0);
});

test("a crash at any time leaves the old state or the new one, and the next life ends it", () => {
  const scene = new Scene("destiny", 3).outrun();
  const { engine } = scene.cluster.simulation.world;
  scene.comeBack();
  const begin = engine.now;
  const steps = 25;
  let before = 0;
  for (let step = 0; step < steps; step += 1) {
    scene.cluster.run(140_000 + step * 1_003);
    const { executed } = scene.cluster.replica(scene.late).status();
    scene.cluster.crash(scene.late);
    scene.cluster.restart(scene.late);
    const again = scene.cluster.replica(scene.late).status().checkpoint.seq;
    expect(again).toBeLessThanOrEqual(executed);
    expect(again).toBeGreaterThanOrEqual(before);
    before = again;
    if (step % 8 === 7) scene.cluster.run(4 * SECOND);
  }
  expect(engine.now).toBeGreaterThan(begin);
  scene.load(3 * SECOND);
  scene.expectRejoined();
});

test("a small lag is made good from the logs", () => {
  const scene = new Scene("destiny", 5);
  for (const host of scene.cluster.simulation.world.hosts) {
    host.disk.historySlotsMax = Number.POSITIVE_INFINITY;
  }
  scene.load(2 * SECOND);
  scene.cluster.run(3 * SECOND);
  scene.cluster.crash(scene.late);
  scene.load(3 * SECOND);
  scene.cluster.run(4 * SECOND);
  scene.comeBack();
  scene.expectRejoined();
  expect(scene.cluster.count(MessageKind.FetchState)).toBe(0);
});
