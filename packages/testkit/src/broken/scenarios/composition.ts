import type { Micros } from "@destiny/core/kernel/ids";
import { encodeOrderValue } from "@destiny/core/ordering/dqbft/order-value";
import { MessageKind, Proposal } from "@destiny/core/wire/messages";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { Cluster } from "../../cluster.ts";
import { Forger } from "../../forger.ts";
import { headerOf, IMPATIENT, ref, viewsOf } from "../../holes/stage.ts";
import { demand } from "./demand.ts";

const SECOND: Micros = 1_000_000;

/** A home is owed a slot that the order names, and has missed that part of the order: the others tell it in time. */
export function homeLearnsByNeed(): void {
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters: IMPATIENT });
  cluster.submit(1, "alpha");
  cluster.settle();
  const forger = new Forger(cluster, 0);
  const header = headerOf(3, new Forger(cluster, 3).batch([]));
  cluster.restart(3);
  const cut = cluster.drop(
    ({ to, instance, message }) =>
      to === 3 &&
      instance === cluster.oInstance &&
      (message.kind === MessageKind.Prepare || message.kind === MessageKind.Commit),
  );
  const value = encodeOrderValue([ref(3, 1)], digestOf);
  forger.send(cluster.oInstance, forger.certify(cluster.oInstance, value, [header], { seq: 2 }));
  cluster.run((3 * SECOND) / 10);
  cut.lift();
  cluster.run(10 * SECOND);
  demand(
    viewsOf(cluster, 3, [1, 2, 4]).join() === "0",
    "a home that has only missed something is not unseated",
  );
}

/** Of what the last O-primary proposed, a slot came that the new view drops: its references are ordered again. */
export function droppedReferencesAreOrderedAgain(): void {
  const parameters = { ...IMPATIENT, orderEntriesMax: 1, referencesPerInstanceMax: 1 };
  const cluster = Cluster.of("destiny", { n: 5, seed: 1, parameters });
  cluster.drop(({ instance, message }) => {
    const isProposal = message instanceof Proposal && instance === cluster.oInstance;
    return isProposal && message.view === 0 && message.seq === 1;
  });
  cluster.submit(1, "alpha");
  cluster.run(SECOND / 50);
  cluster.submit(2, "beta");
  cluster.run(SECOND / 20);
  cluster.crash(0);
  cluster.run(10 * SECOND);
  for (const replica of [1, 2, 3, 4]) {
    const executed = [...cluster.executed(replica)].sort().join();
    demand(executed === "alpha,beta", `replica ${replica} has executed ${executed}`);
  }
  demand(viewsOf(cluster, cluster.oInstance, [1, 2, 3, 4]).join() === "1", "the new O-primary owes nothing");
}
