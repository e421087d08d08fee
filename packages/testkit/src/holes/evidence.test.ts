import type { ReplicaId } from "@destiny/core/kernel/ids";
import { MessageKind, Proposal } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { Cluster, type Letter } from "../cluster.ts";
import { complainedOf, IMPATIENT, instanceAt, SECOND, viewsOf } from "./stage.ts";

// Evidence is outside the digest, so a relay can corrupt it: dqbft.md 9, H29, and 12, adversary (n6).

const CLUSTERS = [
  { name: "destiny", n: 5, relay: 2, victims: [3, 4] },
  { name: "dqhybster", n: 5, relay: 2, victims: [3, 4] },
  { name: "dqpbft", n: 4, relay: 2, victims: [3] },
  { name: "dqsbft", n: 4, relay: 2, victims: [3] },
] as const;

const isProposal = ({ message }: Letter): boolean => message instanceof Proposal;

/** The relay sends its victims all proposals of the O-instance that it was shown, without their evidence. */
function strip(cluster: Cluster, relay: ReplicaId, victims: readonly ReplicaId[]): void {
  const shown = cluster.sent.filter(
    (letter) => letter.instance === cluster.oInstance && letter.to === relay && isProposal(letter),
  );
  expect(shown).not.toEqual([]);
  for (const { message } of shown) {
    const content = new Proposal({ ...(message as Proposal), evidence: [] });
    for (const to of victims) {
      cluster.simulation.world.network.send({ from: relay, to, instance: cluster.oInstance, content });
    }
  }
}

test.each(CLUSTERS)(
  "H29, adversary (n6): a relay that takes a proposal's evidence away, and is there first, has nobody blamed and stops nobody: $name",
  ({ name, n, relay, victims }) => {
    const cluster = Cluster.of(name, { n, seed: 1, parameters: IMPATIENT });
    cluster.crash(relay);
    const correct = cluster.replicas.filter((replica) => replica !== relay);
    // With the relay silent as a voter, nothing is ordered without its victims. They lack the header that the evidence is.
    const slow = cluster.hold(
      (letter) =>
        victims.some((victim) => victim === letter.to) &&
        isProposal(letter) &&
        letter.from === (letter.instance === 1 ? 1 : 0),
    );
    cluster.submit(1, "alpha");
    cluster.run(SECOND / 20);
    strip(cluster, relay, victims);
    cluster.run(SECOND / 20);
    slow.lift();
    cluster.run(SECOND / 2); // The relay may be somebody's first collector.
    for (const replica of correct) expect(cluster.executed(replica)).toEqual(["alpha"]);
    cluster.run(10 * SECOND);
    expect(cluster.reports).toEqual([]);
    expect(complainedOf(cluster)).toEqual([]);
    expect(viewsOf(cluster, cluster.oInstance, correct)).toEqual([0]);
  },
);

test.each(CLUSTERS)(
  "H29, adversary (n6): the same, shown to its victims before they enter the new primary's view: $name",
  ({ name, n, victims }) => {
    const cluster = Cluster.of(name, { n, seed: 1, parameters: IMPATIENT });
    const [victim] = victims;
    const correct = [1, ...(n === 4 ? [2] : []), ...victims];
    for (const faulty of cluster.replicas) if (!correct.includes(faulty)) cluster.crash(faulty);
    // What the next O-primary, R1, says of the order and of its own batches is slow to reach them.
    const slow = cluster.hold((letter) => {
      const { from, to, instance, message } = letter;
      const opens = message.kind === MessageKind.NewView || message.kind === MessageKind.PbftNewView;
      if (!victims.some((each) => each === to)) return false;
      const ordering = instance === cluster.oInstance && from === 1 && isProposal(letter);
      return opens || ordering || (instance === 1 && from === 1);
    });
    cluster.submit(victim, "alpha");
    for (let step = 0; step < 100 && instanceAt(cluster, 1, cluster.oInstance).view === 0; step += 1) {
      cluster.run(SECOND / 50);
    }
    cluster.run(SECOND / 10);
    expect(instanceAt(cluster, 1, cluster.oInstance)).toMatchObject({ view: 1, active: true });
    expect(instanceAt(cluster, victim, cluster.oInstance).active).toBe(false);
    cluster.submit(1, "beta");
    cluster.run(SECOND / 20);
    strip(cluster, 0, victims);
    cluster.run(SECOND / 20);
    slow.lift();
    cluster.run(5 * SECOND);
    expect(cluster.reports).toEqual([]);
    expect(viewsOf(cluster, cluster.oInstance, correct)).toEqual([1]);
    for (const replica of correct) expect(cluster.executed(replica)).toEqual(["alpha", "beta"]);
  },
);
