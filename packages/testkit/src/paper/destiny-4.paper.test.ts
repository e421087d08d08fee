import { FaultModel } from "@destiny/core/kernel/fault-model";
import { MessageKind, Proposal, Vote } from "@destiny/core/wire/messages";
import { Counter } from "@destiny/core/wire/statement";
import { Trust } from "@destiny/simulator/trust/trust";
import { describe, expect, test } from "vitest";
import { Cluster } from "../cluster.ts";

const HOP = 10_000;
const instant = { diskMicros: 0, verifyMicros: 0, certifyMicros: 0, combineMicros: 0 };

const trust = new Trust({ faults: FaultModel.hybrid(3), instances: 2, seed: 1 });
const claim = (seq: number, text: string, view = 0): Parameters<Trust["certify"]>[2] => {
  return { type: "slot", instance: 0, value: { view, seq }, message: new TextEncoder().encode(text) };
};

describe("4.1.2 The ThreshSign subsystem", () => {
  test("'ThreshSign generates such a signature for a message m if the provided new value tv' for counter tc is greater than its current value tv.'", () => {
    const subsystem = trust.createSubsystem(0);
    expect(trust.certify(0, subsystem, claim(5, "a")).type).toBe("certified");
    expect(trust.certify(0, subsystem, claim(5, "b")).type).toBe("refused");
    expect(trust.certify(0, subsystem, claim(4, "b")).type).toBe("refused");
    expect(trust.certify(0, subsystem, claim(6, "b")).type).toBe("certified");
  });

  test("'It updates the counter tc's value to tv'.'", () => {
    const subsystem = trust.createSubsystem(0);
    trust.certify(0, subsystem, claim(5, "a"));
    expect(subsystem.current(0, Counter.Order)).toEqual({ view: 0, seq: 5 });
    expect(subsystem.current(1, Counter.Order)).toEqual({ view: 0, seq: 0 });
  });

  test("'[Aggregate] returns a single signature by aggregating at least t valid threshold signatures.'", () => {
    const share = (signer: number): { signer: number; share: Uint8Array } => {
      const result = trust.certify(signer, trust.createSubsystem(signer), claim(1, "a"));
      return { signer, share: result.type === "certified" ? result.share : new Uint8Array(0) };
    };
    const combined = trust.combine(claim(1, "a"), [share(0), share(2)]);
    expect(combined.type === "combined" && combined.culprits).toEqual([]);
    const bad = { signer: 1, share: new Uint8Array(96) };
    expect(trust.combine(claim(1, "a"), [share(0), bad])).toEqual({
      type: "combined",
      aggregate: null,
      culprits: [1],
    });
  });

  test("'It verifies the aggregated signature sig using the public key and indicates whether message m was signed by t replicas with counter value tv of counter tc.'", () => {
    const shares = [0, 1].map((signer) => {
      const result = trust.certify(signer, trust.createSubsystem(signer), claim(1, "a"));
      return { signer, share: result.type === "certified" ? result.share : new Uint8Array(0) };
    });
    const combined = trust.combine(claim(1, "a"), shares);
    const aggregate = (combined.type === "combined" && combined.aggregate) || new Uint8Array(0);
    const holds = (about: ReturnType<typeof claim>): boolean =>
      trust.holds({ type: "certificate", claim: about, aggregate });
    expect(holds(claim(1, "a"))).toBe(true);
    expect([claim(1, "b"), claim(2, "a"), claim(1, "a", 1)].map(holds)).toEqual([false, false, false]);
  });
});

describe("4.2 Linear Hybster and 4.3 Destiny: messages", () => {
  test.each([3, 5, 7])(
    "'[Collectors] reduce this quadratic communication to linear': what one command costs, n = %i",
    (n) => {
      const cluster = Cluster.of("single-linear-hybster", { n, seed: 1 });
      const submission = cluster.submit(0, "alpha");
      expect(cluster.settle()).toBe(true);
      const each = n - 1;
      expect(cluster.counts()).toEqual({
        Prepare: each,
        CommitSig: each,
        Commit: each,
        ExecSig: each,
        ExecProof: each,
      });
      expect(submission.proven).toBe(true);
    },
  );

  test.each([3, 5, 7])(
    "'Destiny uses 7N messages' (8(N-1) with ExecProof, linear-hybster.md 8): what one command costs, n = %i",
    (n) => {
      const cluster = Cluster.of("destiny", { n, seed: 1, parameters: { orderEntriesMax: 1 } });
      const commands = 3;
      for (let i = 0; i < commands; i += 1) {
        cluster.submit(1 + (i % (n - 1)), `command ${i}`);
        expect(cluster.settle()).toBe(true);
      }
      const each = commands * (n - 1);
      const agreement = { Prepare: 2 * each, CommitSig: 2 * each, Commit: 2 * each };
      expect(cluster.counts()).toEqual({ ...agreement, ExecSig: each, ExecProof: each });
      expect(cluster.counts(cluster.oInstance)).toEqual({ Prepare: each, CommitSig: each, Commit: each });
      expect(cluster.sent).toHaveLength(commands * 8 * (n - 1));
    },
  );

  test.each([3, 5, 7])("as many replies as clients, each a single message: n = %i", (n) => {
    const cluster = Cluster.of("destiny", { n, seed: 1 });
    let replies = 0;
    cluster.simulation.world.network.watch(({ from, to }) => {
      if (from < n && to >= n) replies += 1;
    });
    for (const coordinator of cluster.replicas) cluster.submit(coordinator, "alpha");
    expect(cluster.settle()).toBe(true);
    expect(replies).toBe(n);
  });

  test("4.2: 'Linear Hybster reduces this f + 1 communication to one single message using threshold signatures.'", () => {
    const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
    const from: number[] = [];
    cluster.simulation.world.network.watch((parcel) => {
      if (parcel.to >= 5) from.push(parcel.from);
    });
    const submission = cluster.submit(3, "alpha");
    cluster.settle();
    expect(from).toEqual([3]);
    expect(submission.proven).toBe(true);
  });
});

describe("4.2 and 4.3: delays, in one-way steps", () => {
  const steps = (name: string, coordinator: number, n = 5): number => {
    const cluster = Cluster.of(name, { n, seed: 1, delays: instant });
    const submission = cluster.submit(coordinator, "alpha");
    cluster.settle();
    return ((submission.answeredAt ?? 0) - submission.submittedAt) / HOP;
  };

  test("Linear Hybster: request, Prepare, CommitSig, Commit, ExecSig, reply", () => {
    expect(steps("single-linear-hybster", 0)).toBe(6);
  });

  test("Destiny: the O-instance runs one step behind the D-instance, and none if the coordinator is its primary", () => {
    expect(steps("destiny", 3)).toBe(7);
    expect(steps("destiny", 0)).toBe(6);
  });

  test("'seven [phases] in the pessimistic [case]': two steps more, from the D-Prepare to the D-CommitSigs", () => {
    const cluster = Cluster.of("destiny", {
      n: 5,
      seed: 1,
      delays: instant,
      parameters: { ordering: "pessimistic" },
    });
    const submission = cluster.submit(3, "alpha");
    cluster.settle();
    expect(((submission.answeredAt ?? 0) - submission.submittedAt) / HOP).toBe(9);
  });
});

describe("4.3.1 Agreement", () => {
  test("Uniqueness: 'the same counter value is not assigned to two different messages'", () => {
    const cluster = Cluster.of("destiny", { n: 3, seed: 1 });
    for (let i = 0; i < 10; i += 1)
      for (const coordinator of cluster.replicas) cluster.submit(coordinator, `${i}`);
    cluster.settle();
    const digests = new Map<string, Set<string>>();
    for (const { from, instance, message } of cluster.sent) {
      if (!(message instanceof Proposal || message instanceof Vote)) continue;
      const place = `${from} ${instance} ${message.view} ${message.seq}`;
      digests.set(place, (digests.get(place) ?? new Set()).add(message.digest));
    }
    expect(digests.size).toBeGreaterThan(30);
    expect([...digests.values()].every(({ size }) => size === 1)).toBe(true);
  });

  test("Monotonicity: 'the counter value assigned to a message will always be greater than the previous counter value'", () => {
    const cluster = Cluster.of("destiny", { n: 3, seed: 1 });
    for (let i = 0; i < 10; i += 1)
      for (const coordinator of cluster.replicas) cluster.submit(coordinator, `${i}`);
    cluster.settle();
    const last = new Map<string, number>();
    for (const { from, to, instance, message } of cluster.sent) {
      if (!(message instanceof Proposal || message instanceof Vote)) continue;
      const lane = `${from} ${to} ${instance}`;
      expect(message.seq).toBeGreaterThan(last.get(lane) ?? 0);
      last.set(lane, message.seq);
    }
  });

  test("Example 4.1: 'Replicas send the corresponding D-CommitSig and O-CommitSig messages, respectively, to the commit collectors, R_0 and R_1.'", () => {
    const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
    cluster.submit(3, "alpha");
    cluster.settle();
    const collectors = new Set(
      cluster.sent
        .filter(({ message }) => message.kind === MessageKind.CommitSig)
        .map(({ instance, to }) => `${instance} ${to}`),
    );
    expect(collectors).toEqual(new Set(["3 3", "5 0"]));
  });
});

describe("4.3.2 Execution and acknowledgement", () => {
  test("'The execution collector R_0 collects at least f + 1 valid ExecSig messages, aggregates the signatures into a single ExecProof message, and sends the message to all the replicas. It also sends this message to the client along with the result of execution.'", () => {
    const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
    cluster.submit(3, "alpha");
    cluster.settle();
    const of = (kind: MessageKind): string[] =>
      cluster.sent.filter(({ message }) => message.kind === kind).map(({ from, to }) => `${from} ${to}`);
    expect(of(MessageKind.ExecSig).sort()).toEqual(["0 3", "1 3", "2 3", "4 3"]);
    expect(of(MessageKind.ExecProof).sort()).toEqual(["3 0", "3 1", "3 2", "3 4"]);
  });

  test("'The client verifies the signature, accepts the result, and returns': it takes no other result for it", () => {
    const cluster = Cluster.of("destiny", { n: 5, seed: 1 });
    const { network } = cluster.simulation.world;
    network.hold(({ to }) => to >= 5);
    const submission = cluster.submit(3, "alpha");
    cluster.settle();
    const client = cluster.client(3);
    const results = [Uint8Array.of(0, 9, 9, 9, 9)];
    const lie = { client: client.key, timestamp: 1, seq: 1, entry: 0, results };
    client.onReply(3, {
      ...lie,
      type: "proven",
      index: 0,
      count: 1,
      path: [],
      aggregate: new Uint8Array(48),
    });
    client.onReply(0, { ...lie, type: "plain" });
    client.onReply(0, { ...lie, type: "plain" });
    expect(submission.answeredAt).toBeNull();
  });
});
