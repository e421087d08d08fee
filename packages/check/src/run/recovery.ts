import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { hex } from "../oracles/text.ts";
import { type OracleName, Violation } from "../oracles/violation.ts";
import type { Stage } from "../stage/stage.ts";
import { strangers } from "../stage/standing.ts";
import { livenessBound } from "./bound.ts";
import { needReadmitted } from "./voice.ts";

/** How long virtual time runs between two looks at whether the cluster has recovered. */
const LOOK_MICROS: Micros = 100_000;

/** How long a cluster may take to come to rest once it has recovered, and how long it is watched then. */
const SETTLE_MICROS: Micros = 2_000_000;
const REST_MICROS: Micros = 3_000_000;

/** Ends the trouble: the network is whole, and every correct replica is up. Faulty ones stay as they are. */
export function heal(stage: Stage): void {
  const { world, faulty } = stage;
  world.network.meddle(null);
  for (const { self, disk } of world.hosts) {
    if (faulty.has(self)) continue;
    disk.resume();
    world.host(self).resume();
    stage.restart(self);
  }
}

/**
 * L1, L10 and L2: every command is answered in time; whoever lost its trusted subsystem votes again, and is enough to go on with
 * once others are silent; and then all correct replicas come to the same state. Then there is nothing left to do, and `onRest` is
 * told so.
 */
export function recover(stage: Stage, onRest: () => void): void {
  const { plan, parameters, faults, world } = stage;
  const { faulty } = stage.majorities;
  const { retryMicros, latency } = plan;
  const latencyMax =
    latency.max + plan.delays.diskMicros + plan.delays.certifyMicros + plan.delays.combineMicros;
  const bound = livenessBound({ parameters, n: faults.n, faulty, retryMicros, latencyMax });
  demandAnswers(stage, bound, "L1 liveness");
  for (const rogue of stage.rogues) rogue.stop();
  if (!waitFor(stage, bound, () => strangers(stage).length === 0)) {
    const out = strangers(stage).join(", ");
    throw new Violation("L10 re-admission", `${out} will never have a voice again: ${describe(stage)}`);
  }
  const stopped = needReadmitted(stage);
  if (stopped !== null) demandAnswers(stage, bound, "L10 re-admission");
  for (const self of stopped ?? []) stage.restart(self);
  if (!waitFor(stage, bound, () => new Set(correct(stage).map((self) => stateOf(stage, self))).size === 1)) {
    throw new Violation("L2 convergence", `correct replicas differ for ever: ${describe(stage)}`);
  }
  world.run(SETTLE_MICROS);
  onRest();
  world.run(REST_MICROS);
}

function demandAnswers(stage: Stage, bound: Micros, oracle: OracleName): void {
  const open = (): number => stage.clients.reduce((sum, { outstanding }) => sum + outstanding, 0);
  if (waitFor(stage, bound, () => open() === 0)) return;
  const seconds = (bound / 1_000_000).toFixed(0);
  throw new Violation(oracle, `${open()} requests not answered within ${seconds} s: ${describe(stage)}`);
}

function waitFor({ world }: Stage, bound: Micros, isDone: () => boolean): boolean {
  const end = world.engine.now + bound;
  while (!isDone()) {
    if (world.engine.now >= end) return false;
    world.run(LOOK_MICROS);
  }
  return true;
}

function correct({ faulty, faults }: Stage): ReplicaId[] {
  return Array.from({ length: faults.n }, (_, self) => self).filter((self) => !faulty.has(self));
}

/** Where a replica is, and the digest of its service's state. */
function stateOf(stage: Stage, self: ReplicaId): string {
  const { state } = stage.service(self);
  const pages = Array.from({ length: state.pageCount }, (_, page) => digestOf(state.page(page)));
  return `${stage.replica(self).status().executed} ${hex(digestOf(Buffer.from(pages.join(""), "latin1")))}`;
}

function describe(stage: Stage): string {
  return correct(stage)
    .map((self) => {
      const { instances, admittedWith, configuration } = stage.status(self);
      const views = instances.map(({ view, decided, known }) => `v${view} ${decided}/${known}`).join(", ");
      const own = stage.lost(self) === 0 ? "" : ` own ${admittedWith} of ${configuration}`;
      return `replica ${self} at ${stateOf(stage, self)}${own} [${views}]`;
    })
    .join("; ");
}
