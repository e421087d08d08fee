import type { Outcome } from "../run/outcome.ts";

/** Messages that are not agreement on a command: checkpoints, what replicas tell in between, and the reply. */
const NOT_COUNTED: ReadonlySet<string> = new Set([
  "ExecProof",
  "CheckpointSig",
  "CheckpointProof",
  "Status",
  "PbftStatus",
  "Anchor",
]);

/** A request's way to its coordinator, and the reply's. */
const CLIENT_HOPS = 2;

/** What one command cost in a run with one request at a time. */
export interface Count {
  readonly protocol: string;
  readonly replicas: number;
  readonly ordering: "optimistic" | "pessimistic";
  readonly executed: number;
  /** Messages of agreement per command, with those to oneself as the paper counts them. */
  readonly messages: number;
  /** The same by kind. */
  readonly byKind: Readonly<Record<string, number>>;
  /** Message delays from the coordinator's receipt of a command until it can be executed. */
  readonly phases: number;
}

/** Counts messages per command and message delays, in a run in which all messages take the same time. */
export function countOf({ scenario, executed, roles, latencyMs }: Outcome): Count {
  // What goes to all goes to oneself too, and what all send to one that one sends as well: N where N - 1 are on the wire.
  const withOwn = scenario.replicas / (scenario.replicas - 1);
  const byKind: Record<string, number> = {};
  for (const { replicas, sentMessages } of roles) {
    for (const [kind, sent] of Object.entries(sentMessages)) {
      if (!NOT_COUNTED.has(kind)) byKind[kind] = (byKind[kind] ?? 0) + (sent * replicas * withOwn) / executed;
    }
  }
  return {
    protocol: scenario.protocol,
    replicas: scenario.replicas,
    ordering: scenario.parameters?.ordering ?? "optimistic",
    executed,
    messages: Object.values(byKind).reduce((sum, each) => sum + each, 0),
    byKind,
    phases: latencyMs.mean / hopMillis(scenario.wan) - CLIENT_HOPS,
  };
}

/** One way is half the round trip that `uniform:` names. */
function hopMillis(wan: string): number {
  return Number(wan.split(":")[1]) / 2;
}

/** Bytes of one message of each kind, on average over all roles. */
export function messageBytes({ roles }: Outcome): Record<string, number> {
  const total: Record<string, { bytes: number; messages: number }> = {};
  for (const { replicas, sentBytes, sentMessages } of roles) {
    for (const [kind, messages] of Object.entries(sentMessages)) {
      const sum = total[kind] ?? { bytes: 0, messages: 0 };
      sum.messages += messages * replicas;
      sum.bytes += (sentBytes[kind] ?? 0) * replicas;
      total[kind] = sum;
    }
  }
  return Object.fromEntries(
    Object.entries(total).map(([kind, { bytes, messages }]) => [kind, bytes / messages]),
  );
}
