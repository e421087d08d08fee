import { linearHybster } from "@destiny/core/agreement/linear-hybster/linear-hybster";
import { pbft } from "@destiny/core/agreement/pbft/pbft";
import { newViewClaim } from "@destiny/core/agreement/shared/untrusted/claims";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import { MessageKind, Vote } from "@destiny/core/wire/messages";
import { PbftNewView, PbftViewChange } from "@destiny/core/wire/pbft";
import { viewChangeContent } from "@destiny/core/wire/pbft-codec";
import { encodeUtf8 } from "@destiny/core/wire/utf8";
import { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { AgreementCluster } from "../../agreement/agreement-cluster.ts";
import { demand } from "./demand.ts";

// Replicas that run one instance and nothing else, brought to a moment at which a bug matters.

const MILLISECOND: Micros = 1000;
const SECOND: Micros = 1_000_000;

function hybster(): AgreementCluster {
  return new AgreementCluster(linearHybster, { faults: FaultModel.hybrid(3), window: 16 });
}

function suspect(cluster: AgreementCluster, view: number, ...replicas: readonly ReplicaId[]): void {
  for (const replica of replicas) cluster.act(replica, (agreement) => agreement.suspect(view));
}

function propose(cluster: AgreementCluster, primary: ReplicaId, text: string): void {
  cluster.act(primary, (agreement) => void agreement.propose(Value.of(encodeUtf8(text), digestOf), []));
}

function demandLogs(cluster: AgreementCluster, replicas: readonly ReplicaId[], log: string): void {
  for (const replica of replicas) {
    const found = cluster.log(replica).join();
    demand(found === log, `replica ${replica} has decided "${found}", not "${log}"`);
  }
}

/** Two of three want view 1; its primary is the third, whom nothing else would move. */
export function primaryIsTakenAlong(): void {
  const cluster = hybster();
  suspect(cluster, 1, 0, 2);
  cluster.run(SECOND / 2);
  for (const replica of cluster.replicas) {
    const { view, active } = cluster.agreement(replica);
    demand(view === 1 && active, `replica ${replica} is in view ${view}`);
  }
}

/** A proposal of the view that it has left comes late. Its counter is past it: to vote would look like a lost memory. */
export function lateProposalIsNoVote(): void {
  const cluster = hybster();
  suspect(cluster, 1, 1);
  cluster.run(SECOND / 10);
  propose(cluster, 0, "late");
  cluster.run(SECOND / 10);
  demand(
    !cluster.refusals(1).includes(Misbehaviour.CounterAhead),
    "it has asked its subsystem for a vote of the past",
  );
}

/** A replica without a checkpoint enters a view that starts from it, and is then needed for the next. */
export function takesOverCheckpoint(): void {
  const cluster = hybster();
  cluster.drop(({ from, to }) => from === 2 || to === 2);
  for (let slot = 1; slot <= 10; slot += 1) propose(cluster, 0, `value ${slot}`);
  cluster.run(SECOND);
  for (const replica of [0, 1]) cluster.advance(replica, 8);
  suspect(cluster, 1, 0, 1);
  cluster.run(SECOND);
  cluster.heal();
  propose(cluster, 1, "value 11");
  cluster.run(10 * SECOND);
  demand(cluster.agreement(2).view === 1, "the sleeper is in view 1");
  cluster.crash(0);
  suspect(cluster, 4, 1, 2);
  cluster.run(20 * SECOND);
  for (const replica of [1, 2]) {
    const { view, active } = cluster.agreement(replica);
    demand(
      view === 4 && active,
      `replica ${replica} is in view ${view}, ${active ? "active" : "on its way"}`,
    );
  }
}

/** A slot that only the old primary has signed; view 1 re-proposes it, unless its primary has chosen without it. */
function openingOnOldPrimary(): AgreementCluster {
  const cluster = hybster();
  cluster.drop(
    ({ message }) => message.kind === MessageKind.Prepare && "view" in message && message.view === 0,
  );
  propose(cluster, 0, "of view 0");
  cluster.run(SECOND / 10);
  cluster.heal();
  cluster.drop(({ from, to, message }) => from === 2 && to === 1 && message.kind === MessageKind.ViewChange);
  suspect(cluster, 1, 0, 1, 2);
  return cluster;
}

/** Moments from when the departures have arrived until the NewView has. */
function* momentsOfOpening(): Iterable<Micros> {
  for (let moment = 10 * MILLISECOND; moment < 45 * MILLISECOND; ) {
    yield moment;
    moment += moment % (10 * MILLISECOND) < MILLISECOND ? 25 : MILLISECOND;
  }
}

/** A new primary is told to leave while it opens its view: what it has begun it ends, or its counter is past its own word. */
export function primaryLeavesWhileOpening(): void {
  for (const moment of momentsOfOpening()) {
    const cluster = openingOnOldPrimary();
    cluster.run(moment);
    suspect(cluster, 2, 1);
    cluster.run(SECOND);
    cluster.heal();
    cluster.crash(0);
    suspect(cluster, 5, 1, 2);
    cluster.run(10 * SECOND);
    for (const replica of [1, 2]) {
      const { view, active } = cluster.agreement(replica);
      demand(
        active && view >= 5,
        `after ${moment} us: replica ${replica} is stuck on its way to view ${view}`,
      );
    }
  }
}

/** A new primary crashes while it opens its view, and comes back where others have departed: its choice stands. */
export function primaryCrashesWhileOpening(): void {
  for (const moment of momentsOfOpening()) {
    const cluster = openingOnOldPrimary();
    cluster.run(moment);
    cluster.crash(1);
    cluster.heal();
    cluster.crash(0);
    cluster.restart(1);
    cluster.run(3 * SECOND);
    const { mayPropose, view } = cluster.agreement(1);
    if (view !== 1 || !mayPropose) continue;
    propose(cluster, 1, "of view 1");
    cluster.run(5 * SECOND);
    demand(
      cluster.log(2).includes("of view 1"),
      `after ${moment} us: what the new primary proposes is not decided`,
    );
  }
}

/** Shares of view 0 reach the collector of view 1, too few. It proposes the slot again, and has no vote to spare. */
export function sharesOfEndedViewAreForgotten(): void {
  const cluster = new AgreementCluster(linearHybster, { faults: FaultModel.hybrid(7), window: 16 });
  cluster.drop(
    ({ from, to, message }) => message.kind === MessageKind.CommitSig && !(from === 2 && to === 1),
  );
  propose(cluster, 0, "value");
  cluster.run(SECOND);
  demand(
    cluster.sent.some(
      ({ from, to, message }) => from === 2 && to === 1 && message.kind === MessageKind.CommitSig,
    ),
    "replica 2 has sent its share of view 0 to replica 1",
  );
  for (const replica of [0, 5, 6]) cluster.crash(replica);
  cluster.heal();
  suspect(cluster, 1, 1, 2, 3, 4);
  cluster.run(10 * SECOND);
  demandLogs(cluster, [1, 2, 3, 4], "value");
  demand(!cluster.refusals(2).includes(Misbehaviour.BadShare), "a correct replica sends no bad share");
}

/** A bad share comes with enough good ones that seem to make a quorum; it is looked at once. */
export function badShareIsCombinedOnce(): void {
  const cluster = new AgreementCluster(linearHybster, { faults: FaultModel.hybrid(5), window: 16 });
  cluster.crash(4);
  cluster.drop(({ from, message }) => from >= 2 && from < 4 && message.kind === MessageKind.CommitSig);
  propose(cluster, 0, "value");
  const { digest } = Value.of(encodeUtf8("value"), digestOf);
  const junk = { kind: MessageKind.CommitSig, view: 0, seq: 1, digest, share: new Uint8Array(64) };
  cluster.forge(4, 0, new Vote(junk));
  cluster.run(SECOND / 10);
  const found = cluster.refusals(4).length;
  demand(found > 0 && found <= 2, `a bad share was combined ${found} times`);
}

/** The primary of view 1 proposes nothing again, although its view changes show what is decided. */
export function newViewDropsDecision(): void {
  const cluster = new AgreementCluster(pbft({ authentication: "mac" }), { faults: FaultModel.byzantine(4) });
  propose(cluster, 0, "decided");
  cluster.run(SECOND);
  demandLogs(cluster, cluster.replicas, "decided");
  cluster.crash(1);
  suspect(cluster, 1, 0, 2, 3);
  cluster.run(SECOND / 10);
  const changes = [0, 2, 3].map((sender) => {
    const letter = cluster.sent.find(
      ({ from, message }) => from === sender && message instanceof PbftViewChange,
    );
    const change = present(letter, "a view change").message as PbftViewChange;
    return { sender, digest: digestOf(viewChangeContent(change)) };
  });
  const content = { view: 1, changes, anchor: null, selections: [], count: 1, extension: 2 };
  const draft = new PbftNewView({ ...content, signature: new Uint8Array(0) });
  const { trust } = cluster.world;
  const claim = newViewClaim({ instance: 0, hash: digestOf }, draft);
  const signed = trust.certify(1, cluster.world.host(1).subsystem, claim);
  demand(signed.type === "certified", "its own signature nobody refuses it");
  const newView = new PbftNewView({ ...content, signature: signed.certificate });
  for (const to of [0, 2, 3]) cluster.forge(1, to, newView);
  cluster.run(SECOND / 10);
  for (const replica of [0, 2, 3]) {
    const { view, active } = cluster.agreement(replica);
    demand(!(view === 1 && active), `replica ${replica} has entered view 1, where slot 1 is open again`);
  }
}

/** A liar shows its view change to the new primary alone. Nobody else could check a NewView that rests on it. */
export function loneViewChangeIsNotBelieved(): void {
  const cluster = new AgreementCluster(pbft({ authentication: "mac" }), { faults: FaultModel.byzantine(4) });
  cluster.crash(3);
  cluster.drop(({ from, to, message }) => from === 2 && to === 1 && message instanceof PbftViewChange);
  const fields = { view: 1, sender: 3, anchor: null, prepared: [], preprepared: [], count: 0 };
  cluster.forge(3, 1, new PbftViewChange({ ...fields, signature: new Uint8Array(0) }));
  suspect(cluster, 1, 0, 1, 2);
  cluster.run(SECOND / 8);
  cluster.heal();
  cluster.run(SECOND / 2);
  for (const replica of [0, 1, 2]) {
    const { view, active } = cluster.agreement(replica);
    demand(view === 1 && active, `replica ${replica} is ${active ? "in" : "on its way to"} view ${view}`);
  }
}
