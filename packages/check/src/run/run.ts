import type { Protocol } from "@destiny/core/catalogue";
import type { Micros } from "@destiny/core/kernel/ids";
import { applyByzantine } from "../byzantine/possess.ts";
import { applyClockFaults } from "../faults/clock-faults.ts";
import { applyMemoryFaults } from "../faults/memory-faults.ts";
import { applyNetworkFaults } from "../faults/network-faults.ts";
import { applyProcessFaults } from "../faults/process-faults.ts";
import { applyRogueClients } from "../faults/rogue-clients.ts";
import { applySubsystemLosses } from "../faults/subsystem-losses.ts";
import { applyWorkload } from "../faults/workload.ts";
import { checkClients } from "../oracles/client-history.ts";
import { type Oracles, setUpOracles } from "../oracles/oracles.ts";
import { type OracleName, Violation } from "../oracles/violation.ts";
import { type Decision, faultyIn, type NetworkDecision, untrustedIn } from "../plan/decisions.ts";
import type { Plan } from "../plan/plan.ts";
import type { Observer } from "../stage/observer.ts";
import { Stage } from "../stage/stage.ts";
import { sendBytes } from "../stage/wire.ts";
import { heal, recover } from "./recovery.ts";
import { Tally } from "./tally.ts";

/** What an oracle saw. */
export interface Finding {
  readonly oracle: OracleName;
  readonly message: string;
  /** When, in virtual time, and after how many events. */
  readonly at: Micros;
  readonly event: number;
}

/** What a run came to. */
export interface Outcome {
  /** What must not be. */
  readonly finding: Finding | null;
  /** A trusted subsystem that broke its rules, because the plan says so, was seen at it: nothing is promised from there on. */
  readonly sighting: Finding | null;
  readonly tally: Tally;
  readonly traceHash: string;
}

const NETWORK: readonly Decision["kind"][] = [
  "loss",
  "duplication",
  "replay",
  "reorder",
  "spikes",
  "slow-link",
  "thin-link",
  "partition",
];

export interface RunOptions {
  readonly plan: Plan;
  readonly protocol: Protocol;
  /** Who else is to watch; none if absent. */
  readonly watchers?: (stage: Stage) => readonly Observer[];
}

/** Plays a plan to its end, or to the first violation. */
export function run({ plan, protocol, watchers }: RunOptions): Outcome {
  const tally = new Tally();
  const stage = new Stage({ plan, protocol, faulty: faultyIn(plan.decisions) });
  const oracles = setUpOracles(stage);
  stage.watch([...oracles.observers, counting(tally), ...(watchers?.(stage) ?? [])]);
  const { finding, sighting } = findingOf(stage, () => {
    if (plan.overTheWire) sendBytes(stage);
    stage.start();
    applyFaults(stage, tally);
    stage.world.engine.run(plan.troubleMicros);
    heal(stage);
    recover(stage, () => oracles.amplification.rest());
    checkClients(stage, oracles.model);
  });
  count(stage, oracles, tally);
  if (sighting !== null) tally.add("broken subsystems seen");
  return { finding, sighting, tally, traceHash: stage.world.trace.hash };
}

function applyFaults(stage: Stage, tally: Tally): void {
  const { decisions } = stage.plan;
  const network = decisions.filter((decision): decision is NetworkDecision =>
    NETWORK.includes(decision.kind),
  );
  applyByzantine(stage, decisions, tally);
  applyClockFaults(stage, decisions, tally);
  applyProcessFaults(stage, decisions, tally);
  applyMemoryFaults(stage, decisions, tally);
  applySubsystemLosses(stage, decisions, tally);
  applyRogueClients(stage, decisions, tally);
  applyNetworkFaults(stage, network, tally);
  applyWorkload(stage, decisions);
}

function findingOf(stage: Stage, play: () => void): Pick<Outcome, "finding" | "sighting"> {
  const { engine } = stage.world;
  try {
    play();
    return { finding: null, sighting: null };
  } catch (error) {
    const at = { at: engine.now, event: engine.happened };
    if (!(error instanceof Violation)) {
      const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
      return { finding: { oracle: "no crash", message: text, ...at }, sighting: null };
    }
    const seen = { oracle: error.oracle, message: error.message, ...at };
    return isForeseen(stage, error) ? { finding: null, sighting: seen } : { finding: seen, sighting: null };
  }
}

/** Hybrid protocols rely on trusted subsystems. One that the plan breaks under its owner may only be seen at it. */
function isForeseen({ plan, faults }: Stage, { untrusted }: Violation): boolean {
  return untrusted !== null && faults.kind === "hybrid" && untrustedIn(plan.decisions).has(untrusted);
}

function counting(tally: Tally): Observer {
  return {
    sent: () => tally.add("messages"),
    transferred: () => tally.add("state transfers"),
  };
}

function count({ world, clients }: Stage, { model, votes, views, members }: Oracles, tally: Tally): void {
  tally.add("events", world.engine.happened);
  tally.add("executed requests", model.executed);
  tally.add("certified slots", votes.certifiedSlots);
  tally.add("view changes", views.changes);
  tally.add("re-admissions", members.configuration);
  tally.add("misbehaviour reports", world.reports.length);
  for (const client of clients) {
    tally.add("answered requests", client.submissions.length - client.outstanding);
  }
}
