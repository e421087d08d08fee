import { hybster } from "@destiny/core/agreement/hybster/hybster";
import { FaultModel } from "@destiny/core/kernel/fault-model";
import { MessageKind } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { AgreementCluster } from "./agreement-cluster.ts";

const SECOND = 1_000_000;
const open = (n: number): AgreementCluster => new AgreementCluster(hybster, { faults: FaultModel.hybrid(n) });

test.each([3, 4, 5, 7])(
  "hybster.md 12, n = %i: one certificate of each replica for a slot, and every message once to everybody",
  (n) => {
    const cluster = open(n);
    const certified: string[] = [];
    cluster.world.trust.watch(({ replica, claim, result }) => {
      certified.push(`${replica} ${claim.type} ${result.share.length}`);
    });
    cluster.propose("a");
    cluster.settle();
    expect(certified.sort()).toEqual(cluster.replicas.map((replica) => `${replica} unique 0`));
    const count = (kind: MessageKind): number =>
      cluster.sent.filter(({ message }) => message.kind === kind).length;
    expect(count(MessageKind.Prepare)).toBe(n - 1);
    expect(count(MessageKind.HybsterCommit)).toBe((n - 1) * (n - 1));
    expect(cluster.sent).toHaveLength(n * (n - 1));
  },
);

test.each([3, 5, 7])(
  "hybster.md 4 and 11.4, n = %i: what a faulty primary shows to one replica alone reaches all",
  (n) => {
    const cluster = open(n);
    const { f } = FaultModel.hybrid(n);
    // It gives one correct replica its Prepare, and the other faulty ones vote to that one alone.
    cluster.drop(({ from, to }) => from < f && to !== f);
    cluster.propose("a");
    cluster.run(5 * SECOND);
    for (const replica of cluster.replicas.slice(f)) expect(cluster.log(replica)).toEqual(["a"]);
  },
);

test.each([3, 4, 5])(
  "hybster.md 4, n = %i: who has left the view alone still learns what is decided in it",
  (n) => {
    const cluster = open(n);
    const alone = n - 1;
    cluster.suspect(1, alone);
    cluster.run(SECOND);
    cluster.drop(({ message }) => message.kind === MessageKind.HybsterCertificate);
    cluster.propose("a", "b");
    cluster.run(SECOND);
    expect(cluster.agreement(alone).active).toBe(false);
    expect(cluster.log(alone)).toEqual(["a", "b"]);
  },
);

test.each([3, 4, 5])(
  "hybster.md 4, n = %i: who has missed a NewView still learns what is decided in its view",
  (n) => {
    const cluster = open(n);
    const late = n - 1;
    cluster.drop(({ to, message }) => {
      const { kind } = message;
      return to === late && (kind === MessageKind.NewView || kind === MessageKind.HybsterCertificate);
    });
    cluster.suspect(1, ...cluster.replicas);
    cluster.run(SECOND / 10);
    cluster.proposeAt(1, "a");
    cluster.run(SECOND / 10);
    expect(cluster.agreement(late).active).toBe(false);
    expect(cluster.log(late)).toEqual(["a"]);
    cluster.heal();
    cluster.run(60 * SECOND);
    expect(cluster.agreement(late).standing.view).toBe(1);
  },
);
