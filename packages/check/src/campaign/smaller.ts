import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { Decision, Link } from "../plan/decisions.ts";
import type { Plan } from "../plan/plan.ts";

/** Fewer replicas are no cluster. */
const REPLICAS_MIN = 3;

/**
 * The same with one replica less, by each that may be the one to go, the last first: what is about it goes too, those above it
 * move up, and its clients go to the next. Whether the protocol can still bear the faults is not looked at.
 */
export function smallerClusters(plan: Plan): readonly Plan[] {
  const { n, homes, decisions } = plan;
  if (n <= REPLICAS_MIN) return [];
  return Array.from({ length: n }, (_, index) => n - 1 - index).map((gone) => {
    const move = (replica: ReplicaId): ReplicaId | null => {
      if (replica === gone) return null;
      return replica > gone ? replica - 1 : replica;
    };
    const home = (replica: ReplicaId): ReplicaId => move(replica) ?? gone % (n - 1);
    const moved = decisions.flatMap((decision) => movedDecision(decision, move, home));
    return { ...plan, n: n - 1, homes: homes.map(home), decisions: moved };
  });
}

type Move = (replica: ReplicaId) => ReplicaId | null;

function movedDecision(decision: Decision, move: Move, home: (id: ReplicaId) => ReplicaId): Decision[] {
  switch (decision.kind) {
    case "rogue":
      return [{ ...decision, home: home(decision.home) }];
    case "partition": {
      const blocked = movedLinks(decision.blocked, move);
      return blocked.length === 0 ? [] : [{ ...decision, blocked }];
    }
    case "thin-link": {
      const links = movedLinks(decision.links, move);
      return links.length === 0 ? [] : [{ ...decision, links }];
    }
    case "slow-link":
      return movedLinks([decision.link], move).map((link) => ({ ...decision, link }));
    default:
      return "replica" in decision ? movedFault(decision, move) : [decision];
  }
}

function movedFault<Kind extends Decision & { readonly replica: ReplicaId }>(
  decision: Kind,
  move: Move,
): Kind[] {
  const replica = move(decision.replica);
  return replica === null ? [] : [{ ...decision, replica }];
}

function movedLinks(links: readonly Link[], move: Move): Link[] {
  return links.flatMap(([from, to]): Link[] => {
    const [source, target] = [move(from), move(to)];
    return source === null || target === null ? [] : [[source, target]];
  });
}

/** Without the clients that submit nothing; null if there are none. */
export function withFewerClients(plan: Plan): Plan | null {
  const busy = new Set(plan.decisions.flatMap((each) => (each.kind === "command" ? [each.client] : [])));
  const kept = plan.homes.map((_, client) => client).filter((client) => busy.has(client));
  if (kept.length === plan.homes.length) return null;
  const decisions = plan.decisions.map((decision) =>
    decision.kind === "command" ? { ...decision, client: kept.indexOf(decision.client) } : decision,
  );
  return { ...plan, homes: kept.map((client) => plan.homes[client] ?? 0), decisions };
}
