import { present } from "@destiny/core/kernel/invariant";
import { orderListOf } from "@destiny/core/ordering/dqbft/order-value";
import { MessageKind, Proposal } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Cluster, type Letter } from "../cluster.ts";

const HOP = 10_000;
/** Nothing but the network takes time. */
const instant = { diskMicros: 0, verifyMicros: 0, certifyMicros: 0, combineMicros: 0 };

const open = (n = 3): Cluster => Cluster.of("destiny", { n, seed: 1, delays: instant });

/** The first proposal of an instance that was sent, and when. */
function firstProposal(cluster: Cluster, instance: number): Proposal {
  const letter = cluster.sent.find(
    (sent) => sent.instance === instance && sent.message.kind === MessageKind.Prepare,
  );
  return present(letter, "a proposal").message as Proposal;
}

test("3.2.1: 'A replica R_n that receives the client command, say α, becomes the command's initial coordinator.'", () => {
  const cluster = open();
  cluster.submit(2, "alpha");
  cluster.settle();
  const senders = cluster.sent.filter(
    ({ instance, message }) => instance < 3 && message.kind === MessageKind.Prepare,
  );
  expect(new Set(senders.map(({ instance, from }) => `${instance} ${from}`))).toEqual(new Set(["2 2"]));
});

test("3.2.1: 'The coordinator uses its D-instance protocol and assigns a sequence number S_ni and runs the consensus protocol to disseminate the command to other replicas.'", () => {
  const cluster = open();
  cluster.submit(2, "alpha");
  cluster.settle();
  expect(firstProposal(cluster, cluster.dInstance(2)).seq).toBe(1);
  for (const replica of cluster.replicas) {
    expect(cluster.replica(replica).status().instances[cluster.dInstance(2)]).toMatchObject({ decided: 1 });
  }
});

test("3.2.1, Figure 5: 'S_ni is the lowest available sequence number.'", () => {
  const cluster = open();
  for (const command of ["alpha", "beta", "gamma"]) {
    cluster.submit(2, command);
    cluster.settle();
  }
  const seqs = cluster.sent
    .filter(({ instance, to, message }) => instance === 2 && to === 0 && message.kind === MessageKind.Prepare)
    .map(({ message }) => (message as Proposal).seq);
  expect(seqs).toEqual([1, 2, 3]);
});

test("3.2.1: 'The coordinator is responsible for partial ordering α with respect to the commands previously coordinated by it.'", () => {
  const cluster = open();
  const commands = ["1", "2", "3", "4", "5"];
  for (const command of commands) {
    cluster.submit(1, command);
    cluster.submit(2, `other ${command}`);
  }
  cluster.settle();
  for (const replica of cluster.replicas) {
    expect(cluster.executed(replica).filter((command) => commands.includes(command))).toEqual(commands);
  }
});

test("3.2.1: 'Concurrently, the O-instance primary optimistically globally orders the D-instance sequence number S_ni.'", () => {
  const cluster = open();
  let disseminatedWhenOrdered: number | null = null;
  cluster.hold(({ instance, message }) => {
    if (instance === cluster.oInstance && message.kind === MessageKind.Prepare) {
      disseminatedWhenOrdered ??= cluster.replica(0).status().instances[2]?.decided ?? null;
    }
    return false;
  });
  cluster.submit(2, "alpha");
  cluster.settle();
  expect(disseminatedWhenOrdered).toBe(0);
});

test("3.2.1, Figure 5: 'The primary R_p of the O-instance assigns a global ordering number S_pk as soon as it receives the D-PrePrepare message from R_n.'", () => {
  const cluster = open();
  let orderedAt = 0;
  cluster.hold(({ instance }) => {
    if (instance === cluster.oInstance && orderedAt === 0) orderedAt = cluster.now;
    return false;
  });
  const { submittedAt } = cluster.submit(2, "alpha");
  cluster.settle();
  expect(orderedAt - submittedAt).toBe(2 * HOP); // The request, and the D-Prepare.
});

test("3.2.1, Figure 5: 'If R_n is in pessimistic mode, then R_p assigns S_pk only after the operation corresponding to sequence number S_ni is marked as disseminated.'", () => {
  const cluster = Cluster.of("destiny", { n: 3, seed: 1, parameters: { ordering: "pessimistic" } });
  const early: Letter[] = [];
  cluster.hold((letter) => {
    const order = letter.instance === cluster.oInstance && letter.message.kind === MessageKind.Prepare;
    if (order && cluster.replica(0).status().instances[2]?.decided === 0) early.push(letter);
    return false;
  });
  cluster.submit(2, "alpha");
  expect(cluster.settle()).toBe(true);
  expect(early).toEqual([]);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("3.2.1: 'Note that the O-instance protocol only orders the D-instance sequence numbers, only and not the commands.'", () => {
  const cluster = open();
  cluster.submit(2, "x".repeat(10_000));
  cluster.settle();
  const order = firstProposal(cluster, cluster.oInstance);
  expect(order.value?.bytes.length).toBeLessThan(20);
  expect(orderListOf(present(order.value, "a value")).entries).toEqual([
    { type: "reference", instance: 2, seq: 1 },
  ]);
});

test("3.2.1, 4.2: 'A replica that receives a PrePrepare message ensures the validity of the view and sequence numbers.'", () => {
  const cluster = open();
  cluster.submit(2, "alpha");
  cluster.settle();
  const proposal = firstProposal(cluster, cluster.dInstance(2));
  const before = cluster.sent.length;
  for (const changed of [{ view: 1 }, { seq: 2 }, { extension: 5 }]) {
    const { network } = cluster.simulation.world;
    network.send({ from: 2, to: 1, instance: 2, content: new Proposal({ ...proposal, ...changed }) });
  }
  cluster.settle();
  expect(cluster.reports.map(({ by, peer, reason }) => ({ by, peer, reason }))).toEqual(
    Array.from({ length: 3 }, () => ({ by: 1, peer: 2, reason: "bad-certificate" })),
  );
  expect(cluster.sent.slice(before + 3)).toEqual([]);
});

test("3.2.2: 'A command is decided at a replica when it has been committed under a D-instance sequence number, and [that] under a O-instance sequence number.'", () => {
  for (const missing of ["dissemination", "order"] as const) {
    const cluster = open();
    const instance = missing === "order" ? cluster.oInstance : cluster.dInstance(2);
    cluster.hold(({ to, ...letter }) => letter.instance === instance && to === 1);
    cluster.submit(2, "alpha");
    cluster.run(1_000_000);
    expect(cluster.executed(0)).toEqual(["alpha"]);
    expect(cluster.executed(1)).toEqual([]);

    cluster.release();
    cluster.settle();
    expect(cluster.executed(1)).toEqual(["alpha"]);
  }
});

test("3.2.2: 'The command is considered ready for execution only after all the corresponding commands mapped to the O-instance sequence numbers up to S_pk have been committed and executed.'", () => {
  const cluster = open();
  // R1's batch reaches nobody but the O-primary in time, so that it is ordered first and disseminated last.
  cluster.hold(
    ({ instance, message }) => instance === cluster.dInstance(1) && message.kind !== MessageKind.Prepare,
  );
  cluster.submit(1, "alpha");
  cluster.run(60_000);
  cluster.submit(2, "beta");
  cluster.run(1_000_000);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual([]);
  expect(cluster.replica(0).status().instances[2]).toMatchObject({ decided: 1 });
  expect(cluster.replica(0).status().instances[cluster.oInstance]).toMatchObject({ decided: 2 });

  cluster.release();
  expect(cluster.settle()).toBe(true);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha", "beta"]);
});

test("3.2.2: 'Replicas execute the command and respond to the client.'", () => {
  const cluster = open();
  const submission = cluster.submit(2, "alpha");
  cluster.settle();
  expect(submission.answeredAt).not.toBeNull();
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha"]);
});

test("3.2.3: 'Consensus protocols use the checkpoint mechanism to reduce the memory footprint at the replicas by garbage collecting logs for previously executed commands.'", () => {
  const cluster = Cluster.of("destiny", { n: 3, seed: 1, parameters: { checkpointPeriod: 4 } });
  for (let i = 0; i < 10; i += 1) {
    cluster.submit(2, `command ${i}`);
    cluster.settle();
  }
  for (const replica of cluster.replicas) {
    const { stable, instances } = cluster.replica(replica).status();
    expect(stable).toBe(8);
    expect(instances.map(({ low }) => low)).toEqual([0, 0, 8, 8]);
  }
  const roots = cluster.replicas.map((replica) => cluster.replica(replica).status().checkpoint.root);
  expect(new Set(roots).size).toBe(1);
});

test("3.2.3, Example 3.1: a replica without the D-messages and one without the O-messages both get what they miss from the others", () => {
  // R1 disseminates without R3, R2 without R4; the O-primary orders with everybody but R2.
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters: { statusPeriod: 2_000_000 } });
  const leftOut = ({ instance, to, message }: Letter): boolean =>
    message.kind !== MessageKind.Pull &&
    ((instance === 1 && to === 3) ||
      (instance === 2 && to === 4) ||
      (instance === cluster.oInstance && to === 2));
  cluster.drop(leftOut);
  cluster.submit(1, "alpha");
  cluster.submit(2, "beta");
  cluster.run(1_000_000);
  expect(cluster.executed(0)).toEqual(["alpha", "beta"]);
  for (const replica of [2, 3, 4]) expect(cluster.executed(replica).length).toBeLessThan(2);

  cluster.release();
  cluster.run(10_000_000);
  for (const replica of cluster.replicas) expect(cluster.executed(replica)).toEqual(["alpha", "beta"]);
});
