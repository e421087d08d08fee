import type { Decision, Link, NetworkDecision, PartitionDecision, Span } from "./decisions.ts";
import { type DrawContext, shuffled } from "./draw-context.ts";

/** Chance that a kind of fault is on in a seed. */
const ON = 0.35;

/** What the network does wrong. */
export function drawNetwork(context: DrawContext): Decision[] {
  const { random } = context;
  const kinds = [1, 2, 3, 4, 5, 6, 7, 8].map((concern) => random.fork(concern));
  return kinds.flatMap((stream, kind) =>
    stream.chance(ON) ? drawKind(kind, { ...context, random: stream }) : [],
  );
}

function drawKind(kind: number, context: DrawContext): NetworkDecision[] {
  const { random } = context;
  const span = drawSpan(context);
  const seed = random.next();
  switch (kind) {
    case 0:
      return [{ kind: "loss", ...span, rate: random.below(31) / 100, seed }];
    case 1:
      return [{ kind: "duplication", ...span, rate: random.below(51) / 100, seed }];
    case 2:
      return [{ kind: "replay", ...span, rate: random.below(21) / 100, seed }];
    case 3:
      return [
        {
          kind: "reorder",
          ...span,
          rate: random.below(51) / 100,
          maxMicros: 1 + random.below(200_000),
          seed,
        },
      ];
    case 4:
      return [
        {
          kind: "spikes",
          ...span,
          rate: random.below(11) / 100,
          maxMicros: 1 + random.below(1_500_000),
          seed,
        },
      ];
    case 5:
      return drawSlowLinks(context);
    case 6:
      return drawPartitions(context);
    default:
      return drawThinLinks(context);
  }
}

/** One link, or all that leave a replica: enough for votes, tight for batches. */
function drawThinLinks(context: DrawContext): NetworkDecision[] {
  const { random, n } = context;
  return Array.from({ length: 1 + random.below(2) }, () => {
    const source = random.below(n);
    const others = shuffled(n, random).filter((target) => target !== source);
    const targets = random.chance(0.5) ? others : others.slice(0, 1);
    const bytesPerSecond = 2_000 * 2 ** random.below(8);
    const links = targets.map((target): Link => [source, target]);
    return { kind: "thin-link", ...drawSpan(context), links, bytesPerSecond };
  });
}

function drawSpan({ random, troubleMicros }: DrawContext): Span {
  if (random.chance(0.3)) return { from: 0, until: troubleMicros };
  const from = random.below(troubleMicros);
  return { from, until: from + random.below(troubleMicros - from) + 1 };
}

function drawSlowLinks(context: DrawContext): NetworkDecision[] {
  const { random, n } = context;
  return Array.from({ length: 1 + random.below(n) }, () => {
    const source = random.below(n);
    const target = (source + 1 + random.below(n - 1)) % n;
    return { kind: "slow-link", ...drawSpan(context), link: [source, target], micros: random.below(500_000) };
  });
}

function drawPartitions(context: DrawContext): NetworkDecision[] {
  const { random } = context;
  return Array.from({ length: 1 + random.below(3) }, () => {
    const span = drawSpan(context);
    const shape = (["split", "one-way", "bridged", "isolated"] as const)[random.below(4)] ?? "split";
    const flapMicros = random.chance(0.3) ? 50_000 + random.below(1_000_000) : 0;
    return { kind: "partition", ...span, shape, blocked: blockedLinks(shape, context), flapMicros };
  });
}

function blockedLinks(shape: PartitionDecision["shape"], context: DrawContext): Link[] {
  const { n, random, maxFaulty } = context;
  const order = shuffled(n, random);
  // A bridge of f replicas that hear both sides; the sides do not hear each other.
  const bridge = shape === "bridged" ? maxFaulty : 0;
  const rest = order.slice(bridge);
  const size = shape === "isolated" ? 1 : 1 + random.below(Math.max(1, rest.length - 1));
  const left = rest.slice(0, size);
  const right = rest.slice(size);
  const links: Link[] = [];
  for (const a of left) {
    for (const b of right) {
      links.push([a, b]);
      if (shape !== "one-way") links.push([b, a]);
    }
  }
  return links;
}
