import { type MessageKind, Proposal } from "@destiny/core/wire/messages";
import { expect, test } from "vitest";
import { AgreementCluster } from "./agreement-cluster.ts";
import {
  type AgreementStage,
  type AgreementWords,
  expectEverywhere,
  ROOM,
  texts,
} from "./agreement-stage.ts";

/** Losses, silence, catching up and restarts in the first view: contract C3 and C8 of dqbft.md 1, part of the agreement suite. */
export function recoverySuite(stage: AgreementStage, words: AgreementWords): void {
  const { protocol, faultModel, sizes } = stage;
  const contract = stage.contract.bind(stage);

  contract("a lost proposal is pulled (gap rule)", (cluster) => {
    const victim = cluster.n - 1;
    cluster.drop(
      ({ to, message }) =>
        to === victim && message.kind === words.proposal && cluster.world.engine.now < 50_000,
    );
    cluster.propose(...texts(3));
    expect(cluster.settle()).toBe(true);
    expectEverywhere(cluster, texts(3));
  });

  contract("what was decided without our share is in our log like the rest", (cluster) => {
    const victim = cluster.n - 1;
    cluster.drop(({ from, to, message }) => from === 0 && to === victim && message.kind === words.proposal);
    cluster.propose(...texts(3));
    cluster.run(100_000); // The certificates come, and then the proposals, which nobody needs us to sign any more.
    cluster.heal();
    cluster.run(10_000_000);
    expect(cluster.log(victim)).toEqual(texts(3));
    for (const replica of cluster.replicas) cluster.crash(replica);
    cluster.restart(victim);
    expect(cluster.log(victim)).toEqual(texts(3));
  });

  contract("a proposal that everybody lost is found by the shares that speak of it", (cluster) => {
    cluster.drop(({ message }) => message.kind === words.proposal && cluster.world.engine.now < 50_000);
    cluster.propose(...texts(3));
    expect(cluster.settle()).toBe(true);
    expectEverywhere(cluster, texts(3));
  });

  contract("whatever is lost for two seconds, all of it is healed after", (cluster) => {
    for (const kind of [words.proposal, words.vote, words.certificate, null]) {
      const from = cluster.world.engine.now;
      const before = cluster.agreement(0).decided;
      cluster.drop(({ message }) => kind === null || message.kind === kind);
      cluster.propose(...texts(3, before + 1));
      cluster.run(2_000_000);
      expect(cluster.world.engine.now).toBe(from + 2_000_000);
      cluster.heal();
      expect(cluster.settle()).toBe(true);
      expectEverywhere(cluster, texts(before + 3));
    }
  });

  contract("with all collectors of rank below f silent every slot still commits", (cluster, { f }) => {
    // Faulty: they propose and sign, but give nobody a certificate, and answer no pull.
    const silent = (from: number, kind: MessageKind, to: number): boolean =>
      from < f && to >= f && kind !== words.proposal && !(kind === words.vote && from !== 0);
    cluster.drop(({ from, to, message }) => silent(from, message.kind, to));
    cluster.propose(...texts(5));
    cluster.run(30_000_000);
    for (const replica of cluster.replicas.slice(f)) expect(cluster.log(replica)).toEqual(texts(5));
  });

  contract("a silent first collector costs a moment: the next one is tried before everybody", (cluster) => {
    cluster.drop(({ from, message }) => from === 0 && message.kind === words.certificate);
    cluster.propose(...texts(5));
    cluster.run(1_000_000);
    for (const replica of cluster.others(0)) expect(cluster.log(replica)).toEqual(texts(5));
  });

  contract("a replica that the others leave out gets the decision all the same (C8)", (cluster, { f }) => {
    // linear-hybster.md 4: low ranks give the certificate to all but one, who is the only correct collector.
    const victim = f;
    cluster.drop(({ from, to, message }) => from < f && to === victim && message.kind !== words.proposal);
    cluster.propose(...texts(5));
    cluster.run(30_000_000);
    for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(texts(5));
  });

  contract("f crashed backups stop nothing", (cluster, { f }) => {
    for (let i = 0; i < f; i += 1) cluster.crash(cluster.n - 1 - i);
    cluster.propose(...texts(5));
    cluster.run(10_000_000);
    for (const replica of cluster.replicas.slice(0, cluster.n - f))
      expect(cluster.log(replica)).toEqual(texts(5));
    expect(cluster.world.hosts.slice(0, cluster.n - f).every((host) => host.timersRunning === 0)).toBe(true);
  });

  contract("a quorum that is not there decides nothing", (cluster, { n, quorum }) => {
    for (let i = 0; i <= n - quorum; i += 1) cluster.crash(n - 1 - i);
    cluster.propose(...texts(2));
    cluster.run(10_000_000);
    for (const replica of cluster.replicas.slice(0, quorum - 1)) expect(cluster.log(replica)).toEqual([]);
  });

  contract("a late replica catches up, past its window and from what others have forgotten", (cluster) => {
    const late = cluster.n - 1;
    const rounds = 6;
    const round = ROOM - 2;
    cluster.crash(late);
    for (let i = 0; i < rounds; i += 1) {
      cluster.propose(...texts(round, 1 + i * round));
      cluster.run(3_000_000);
      for (const replica of cluster.others(late)) cluster.advance(replica, (i + 1) * round - 2);
    }
    cluster.restart(late);
    cluster.act(late, (agreement) => agreement.pursue(rounds * round)); // As a peer's status says.
    for (let i = 0; i < rounds; i += 1) {
      cluster.settle();
      cluster.advance(late, cluster.agreement(late).decided);
    }
    expect(cluster.settle()).toBe(true);
    expect(cluster.log(late)).toEqual(texts(rounds * round));
    expect(cluster.timersRunning).toBe(0);
  });

  test.each(sizes)(`${protocol.name}, n = %i: catching up takes a round trip per range, not a timer`, (n) => {
    const cluster = new AgreementCluster(protocol, { faults: faultModel(n), window: 1024 });
    const late = n - 1;
    cluster.crash(late);
    cluster.propose(...texts(500));
    cluster.run(10_000_000);
    cluster.restart(late);
    cluster.act(late, (agreement) => agreement.pursue(500));
    cluster.run(800_000);
    expect(cluster.log(late)).toEqual(texts(500));
  });

  const enough = words.claims === true ? "any f + 1 other replicas" : "any other replica alone";
  contract(`${enough} can bring a late one up to date, from the log`, (cluster, { f }) => {
    const helpers = words.claims === true ? f + 1 : 1;
    const late = cluster.n - 1;
    cluster.crash(late);
    cluster.propose(...texts(ROOM - 2));
    cluster.run(3_000_000);
    for (const replica of cluster.others(late)) cluster.advance(replica, ROOM - 4);
    cluster.run(1_000_000);
    for (const source of cluster.others(late)) {
      const sources = Array.from({ length: helpers }, (_, i) => (source + i) % late);
      for (const replica of cluster.others(late, ...sources)) cluster.crash(replica);
      cluster.wipe(late);
      cluster.restart(late);
      cluster.act(late, (agreement) => agreement.pursue(ROOM - 2));
      cluster.run(60_000_000);
      expect(cluster.log(late), `from replica ${source}`).toEqual(texts(ROOM - 2));
      cluster.crash(late);
      for (const replica of cluster.others(late, ...sources)) cluster.restart(replica);
      cluster.run(1_000_000);
    }
  });

  contract("a lie about decided slots is given up", (cluster) => {
    cluster.propose(...texts(2));
    cluster.settle();
    cluster.act(1, (agreement) => agreement.pursue(1_000));
    expect(cluster.timersRunning).toBe(1);
    expect(cluster.world.settle(600_000_000)).toBe(true);
    expect(cluster.timersRunning).toBe(0);
    // And the truth is believed again.
    cluster.drop(({ to }) => to === 1);
    cluster.propose(...texts(2, 3));
    cluster.run(1_000_000);
    cluster.heal();
    cluster.act(1, (agreement) => agreement.pursue(4));
    cluster.settle();
    expectEverywhere(cluster, texts(4));
  });

  contract("a backup that restarts issues its share again", (cluster) => {
    cluster.drop(({ message }) => message.kind === words.vote);
    cluster.propose(...texts(3));
    cluster.run(15_000);
    for (const replica of cluster.others(0)) cluster.crash(replica);
    cluster.heal();
    for (const replica of cluster.others(0)) {
      cluster.restart(replica);
      expect(cluster.proposals(replica).map(({ text }) => text)).toEqual(texts(3)); // The layer above knows again.
    }
    expect(cluster.settle()).toBe(true);
    expectEverywhere(cluster, texts(3));
    const whole = cluster.sent.filter(({ message }) => message instanceof Proposal && message.value !== null);
    expect(whole).toHaveLength(3 * (cluster.n - 1));
  });

  contract("a primary that restarts proposes again what its log holds, and goes on after it", (cluster) => {
    cluster.propose(...texts(3));
    cluster.run(120); // Durable, and nothing has arrived.
    cluster.crash(0);
    cluster.run(1_000_000);
    cluster.restart(0);
    cluster.propose("value 4");
    expect(cluster.settle()).toBe(true);
    expectEverywhere(cluster, texts(4));
    expect(cluster.world.reports).toEqual([]);
  });

  contract("what was not durable before a crash was never sent", (cluster) => {
    cluster.world.host(0).disk.stall();
    cluster.propose("lost");
    cluster.run(1_000_000);
    expect(cluster.sent.filter(({ message }) => message.kind === words.proposal)).toEqual([]);
    cluster.crash(0);
    cluster.world.host(0).disk.resume();
    cluster.restart(0);
    cluster.propose("value 1");
    expect(cluster.settle()).toBe(true);
    expectEverywhere(cluster, texts(1));
  });

  contract("after a restart of all, all is there and each decision is told once", (cluster) => {
    cluster.propose(...texts(5));
    cluster.settle();
    for (const replica of cluster.replicas) cluster.advance(replica, 2);
    for (const replica of cluster.replicas) cluster.crash(replica);
    for (const replica of cluster.replicas) cluster.restart(replica);
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas) {
      expect(
        cluster
          .decisions(replica)
          .map(({ seq }) => seq)
          .sort(),
      ).toEqual([3, 4, 5]);
      expect(cluster.log(replica)).toEqual(texts(3, 3));
    }
    cluster.propose("value 6");
    expect(cluster.settle()).toBe(true);
    for (const replica of cluster.replicas) expect(cluster.log(replica)).toEqual(texts(4, 3));
  });
}
