import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { Random } from "@destiny/core/kernel/random";
import type { Parameters } from "@destiny/core/parameters";
import { majorities } from "../oracles/arithmetic.ts";
import { type Decision, faultyIn } from "./decisions.ts";
import { drawCommands } from "./draw-commands.ts";
import type { DrawOptions } from "./draw-context.ts";
import { drawFaulty } from "./draw-faulty.ts";
import { drawLosses } from "./draw-loss.ts";
import { drawMemory } from "./draw-memory.ts";
import { drawNetwork } from "./draw-network.ts";
import { drawProcess } from "./draw-process.ts";
import { drawRogues } from "./draw-rogues.ts";
import type { Plan } from "./plan.ts";

const SECOND: Micros = 1_000_000;
const TROUBLE_MAX: Micros = 10 * SECOND;

/** The plan that a seed stands for. Each kind of fault is on in some seeds and off in others: swarm testing. */
export function drawPlan(options: DrawOptions): Plan {
  const { protocol, kind, n, slow, seed } = options;
  const random = new Random(seed);
  const [stage, commands, network, process, faulty, memory, rogues, losses] = [1, 2, 3, 4, 5, 6, 7, 8].map(
    (concern) => random.fork(concern),
  );
  const troubleMicros = 4 * SECOND + pick(stage).below(TROUBLE_MAX - 4 * SECOND);
  const context = { ...options, maxFaulty: majorities(kind, n, slow).faulty, troubleMicros };
  const homes = drawHomes(n, pick(commands));
  const faults = drawFaulty({ ...context, random: pick(faulty) });
  const wrong = [...faults, ...drawMemory({ ...context, random: pick(memory) }, faultyIn(faults))];
  const decisions: Decision[] = [
    ...wrong,
    ...drawLosses({ ...context, random: pick(losses) }, wrong),
    ...drawRogues({ ...context, random: pick(rogues) }),
    ...drawProcess({ ...context, random: pick(process) }),
    ...drawNetwork({ ...context, random: pick(network) }),
    ...drawCommands({ ...context, random: pick(commands) }, homes.length),
  ];
  const shape = drawShape(pick(stage));
  const parameters = { ...shape.parameters, slowReplicas: slow };
  return { protocol, n, seed, ...shape, parameters, retryMicros: SECOND, homes, troubleMicros, decisions };
}

function pick(random: Random | undefined): Random {
  return random ?? new Random(0);
}

function drawHomes(n: number, random: Random): ReplicaId[] {
  return Array.from({ length: 1 + random.below(2 * n) }, () => random.below(n));
}

/** Small windows, so that a few commands cross checkpoints and fill them; machines and links of several speeds. */
function drawShape(
  random: Random,
): Pick<Plan, "parameters" | "delays" | "latency" | "historySlots" | "overTheWire"> {
  const parameters: Partial<Parameters> = {
    statusPeriod: SECOND,
    pullDelay: SECOND / 10,
    checkpointPeriod: random.chance(0.5) ? 4 : 8,
    orderWindow: 16,
    disseminationWindow: 8,
    referencesPerInstanceMax: 4,
    orderEntriesMax: 6,
    optimisticMax: random.chance(0.3) ? 2 : 16,
    ordering: random.chance(0.25) ? "pessimistic" : "optimistic",
    probationSlots: 2 + random.below(6),
    batchDelay: random.chance(0.5) ? 2_000 : 10_000,
    suspicionDelay: SECOND / 2,
    viewChangeDelay: SECOND / 2,
    graceDelay: SECOND / 5,
    reinstatementDelay: 2 * SECOND,
  };
  const delays = {
    diskMicros: random.chance(0.3) ? 1_000 + random.below(20_000) : 100,
    verifyMicros: random.chance(0.3) ? random.below(2_000) : 0,
    certifyMicros: random.chance(0.3) ? 50 + random.below(5_000) : 50,
    combineMicros: random.chance(0.3) ? 100 + random.below(5_000) : 100,
  };
  const historySlots = [0, 4, 16, 1_000_000][random.below(4)] ?? 0;
  const overTheWire = random.chance(0.3);
  return {
    parameters,
    delays,
    historySlots,
    overTheWire,
    latency: { min: 500, max: 1_000 * (2 + random.below(40)) },
  };
}
