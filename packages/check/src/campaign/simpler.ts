import type { Micros } from "@destiny/core/kernel/ids";
import type { Decision, Span } from "../plan/decisions.ts";

/** Below this, spans of time get no shorter. */
const SHORT: Micros = 1_000;

/** The same decision a step simpler, in several ways, the simplest first; each of them ends after some steps. */
export function simpler(decision: Decision): readonly Decision[] {
  switch (decision.kind) {
    case "command":
      return fewerOperations(decision);
    case "crash":
      return simplerCrash(decision);
    case "pause":
    case "stall":
    case "full":
      return shorter(decision.forMicros).map((forMicros) => ({ ...decision, forMicros }));
    case "wipe":
    case "rot":
      return shorter(decision.downMicros).map((downMicros) => ({ ...decision, downMicros }));
    case "subsystem-lost":
      return simplerLoss(decision);
    case "byzantine":
    case "rogue":
      return decision.from === 0 ? [] : [{ ...decision, from: 0 }];
    case "partition":
      return [...fewer(decision.blocked, (blocked) => ({ ...decision, blocked })), ...shorterSpans(decision)];
    case "thin-link":
      return [...fewer(decision.links, (links) => ({ ...decision, links })), ...shorterSpans(decision)];
    case "slow-link":
    case "loss":
    case "duplication":
    case "replay":
    case "reorder":
    case "spikes":
      return shorterSpans(decision);
    default:
      return [];
  }
}

function fewerOperations(decision: Decision & { kind: "command" }): readonly Decision[] {
  return fewer(decision.operations, (operations) => ({ ...decision, operations }));
}

function simplerCrash(decision: Decision & { kind: "crash" }): readonly Decision[] {
  const ways: Decision[] = [];
  if (decision.boundary !== null) ways.push({ ...decision, boundary: null });
  if (decision.kept > 0) ways.push({ ...decision, kept: 0 });
  return [...ways, ...shorter(decision.downMicros).map((downMicros) => ({ ...decision, downMicros }))];
}

function simplerLoss(decision: Decision & { kind: "subsystem-lost" }): readonly Decision[] {
  const ways: Decision[] = [];
  if (decision.wiped) ways.push({ ...decision, wiped: false });
  if (decision.kept) ways.push({ ...decision, kept: false });
  return [...ways, ...shorter(decision.downMicros).map((downMicros) => ({ ...decision, downMicros }))];
}

/** Without its last half, without its first half; a list keeps one element at least. */
function fewer<Element>(
  list: readonly Element[],
  make: (list: readonly Element[]) => Decision,
): readonly Decision[] {
  if (list.length < 2) return [];
  const half = Math.ceil(list.length / 2);
  return [make(list.slice(0, half)), make(list.slice(half))];
}

function shorter(micros: Micros): readonly Micros[] {
  return micros <= SHORT ? [] : [Math.ceil(micros / 2)];
}

/** Its first half, its second half. */
function shorterSpans<Kind extends Decision & Span>(decision: Kind): readonly Kind[] {
  const { from, until } = decision;
  if (until - from <= SHORT) return [];
  const middle = from + Math.ceil((until - from) / 2);
  return [
    { ...decision, until: middle },
    { ...decision, from: middle },
  ];
}
