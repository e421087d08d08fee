import type { Micros } from "@destiny/core/kernel/ids";
import { Random } from "@destiny/core/kernel/random";
import { encodeFrame } from "@destiny/core/wire/codec";
import type { Message } from "@destiny/core/wire/messages";
import type { Fate, Parcel } from "@destiny/simulator/network/network";
import type {
  ChanceDecision,
  Link,
  NetworkDecision,
  PartitionDecision,
  ThinLinkDecision,
} from "../plan/decisions.ts";
import type { Tally } from "../run/tally.ts";
import type { Stage } from "../stage/stage.ts";

/** Parcels that a replaying network remembers, and how much later it lets them arrive again at most. */
const REMEMBERED = 256;
const REPLAY_MICROS: Micros = 2_000_000;
/** How long something may wait for its turn in a thin pipe. */
const QUEUE_MICROS: Micros = 3_000_000;

/** What a decision does to one parcel: drops it, delays it, copies it, lets it overtake. */
interface Draft {
  lost: boolean;
  delay: Micros;
  copies: number;
  overtakes: boolean;
}

type Effect = (parcel: Parcel, draft: Draft) => void;

/** Carries out a plan's decisions about the network, until the trouble ends. */
export function applyNetworkFaults(stage: Stage, decisions: readonly NetworkDecision[], tally: Tally): void {
  if (decisions.length === 0) return;
  const { engine, network } = stage.world;
  const active = decisions.map((decision) => ({ decision, effect: effectOf(stage, decision, tally) }));
  network.meddle((parcel) => {
    const { now } = engine;
    let draft: Draft | null = null;
    for (const { decision, effect } of active) {
      if (now < decision.from || now >= decision.until) continue;
      draft ??= { lost: false, delay: 0, copies: 0, overtakes: false };
      effect(parcel, draft);
      if (draft.lost) return LOST;
    }
    return draft === null ? null : fateOf(draft);
  });
}

const LOST: Fate = { delays: [], overtakes: false };

function fateOf({ delay, copies, overtakes }: Draft): Fate | null {
  if (delay === 0 && copies === 0 && !overtakes) return null;
  const delays = [delay];
  // A copy comes a little later, by a way of its own.
  for (let copy = 1; copy <= copies; copy += 1) delays.push(delay + copy * 1_000);
  return { delays, overtakes };
}

function effectOf(stage: Stage, decision: NetworkDecision, tally: Tally): Effect {
  switch (decision.kind) {
    case "slow-link":
      return (parcel, draft) => {
        if (isOn(decision.link, parcel)) draft.delay += decision.micros;
      };
    case "thin-link":
      return thinLink(stage, decision, tally);
    case "partition":
      return partition(stage, decision, tally);
    default:
      return decision.kind === "replay" ? replay(stage, decision, tally) : byChance(decision, tally);
  }
}

function byChance(decision: ChanceDecision, tally: Tally): Effect {
  const random = new Random(decision.seed);
  return (_parcel, draft) => {
    if (!random.chance(decision.rate)) return;
    tally.fault(decision.kind);
    if (decision.kind === "loss") draft.lost = true;
    else if (decision.kind === "duplication") draft.copies += 1;
    else if (decision.kind === "spikes") draft.delay += random.below(decision.maxMicros);
    else if (decision.kind === "reorder") {
      draft.delay += random.below(decision.maxMicros);
      draft.overtakes = true;
    }
  };
}

/** Parcels wait for those before them in the pipe; what would wait too long is dropped, as a full queue would. */
function thinLink(
  { world, faults }: Stage,
  { links, bytesPerSecond }: ThinLinkDecision,
  tally: Tally,
): Effect {
  const inPipe = new Set(links.map(([source, target]) => source * 0x1_0000 + target));
  const sizes = new WeakMap<object, number>();
  let free: Micros = 0;
  return (parcel, draft) => {
    const { from, to, content } = parcel;
    if (from >= faults.n || to >= faults.n || !inPipe.has(from * 0x1_0000 + to)) return;
    const size = sizes.get(content) ?? sizeOf(parcel);
    sizes.set(content, size);
    const { now } = world.engine;
    const done = Math.max(free, now) + Math.ceil((size * 1_000_000) / bytesPerSecond);
    tally.fault("thin-link");
    draft.lost ||= done - now > QUEUE_MICROS;
    if (draft.lost) return;
    free = done;
    draft.delay += done - now;
  };
}

function sizeOf({ instance, content }: Parcel): number {
  try {
    return encodeFrame(instance, content as Message).length;
  } catch {
    return 0; // A Byzantine replica's, that no bytes say.
  }
}

function partition({ world }: Stage, { from, blocked, flapMicros }: PartitionDecision, tally: Tally): Effect {
  const links = new Set(blocked.map(([source, target]) => source * 0x1_0000 + target));
  return (parcel, draft) => {
    const phase = flapMicros > 0 ? Math.floor((world.engine.now - from) / flapMicros) % 2 : 0;
    if (phase === 1 || !links.has(parcel.from * 0x1_0000 + parcel.to)) return;
    tally.fault("partition");
    draft.lost = true;
  };
}

function replay(stage: Stage, decision: ChanceDecision, tally: Tally): Effect {
  const random = new Random(decision.seed);
  const remembered: Parcel[] = [];
  return (parcel) => {
    remembered[random.below(REMEMBERED)] = parcel;
    if (!random.chance(decision.rate)) return;
    const again = remembered[random.below(REMEMBERED)];
    if (again === undefined) return;
    tally.fault("replay");
    stage.world.network.replay(again, random.below(REPLAY_MICROS));
  };
}

function isOn([source, target]: Link, { from, to }: Parcel): boolean {
  return from === source && to === target;
}
