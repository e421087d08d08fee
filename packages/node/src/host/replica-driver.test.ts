import { randomBytes } from "node:crypto";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findProtocol } from "@destiny/core/catalogue";
import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import { defaultParameters } from "@destiny/core/parameters";
import { Replica } from "@destiny/core/replica/replica";
import { encodePut, KeyValue } from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import { toDigest } from "@destiny/core/wire/reader";
import { type Reply, rootOfReply } from "@destiny/core/wire/reply";
import { Request } from "@destiny/core/wire/request";
import { executionStatement, type Preamble, requestStatement } from "@destiny/core/wire/statement";
import { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { openBls } from "@destiny/crypto/bls/open";
import {
  dealThreshold,
  generateMultisigKey,
  openScheme,
  openShareSigner,
} from "@destiny/crypto/certificates/keys";
import type { CertificateScheme } from "@destiny/crypto/certificates/scheme";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { SignatureVerifier } from "@destiny/crypto/signatures/verifier";
import { inProcessSigner } from "@destiny/crypto/trusted/in-process";
import { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import { afterEach, expect, test } from "vitest";
import { createMetrics } from "../observability/metrics.ts";
import { Store } from "../store/store.ts";
import { KeyTables } from "./key-tables.ts";
import { ReplicaDriver, type ReplicaDriverOptions } from "./replica-driver.ts";
import { Verifier } from "./verifier.ts";

const N = 3;
const preamble: Preamble = { cluster: toDigest(new Uint8Array(32).fill(7)), configuration: 0 };
const backend = openBls(() => {});
const queue = new CheckQueue(backend);
const ed25519 = openEd25519();
const signatures = new SignatureVerifier(ed25519, false);
const protocol = present(findProtocol("destiny"), "destiny is in the catalogue");
const cleanups: (() => void | Promise<void>)[] = [];

afterEach(async () => {
  for (const cleanup of cleanups.splice(0).reverse()) await cleanup();
});

/** Drivers of one process with real cryptography and stores, and links that are queues. */
class Bench {
  readonly drivers: ReplicaDriver<Replica>[] = [];
  readonly replies = new Map<string, Reply>();
  readonly failures: Error[] = [];
  readonly reports: string[] = [];
  readonly pi: CertificateScheme;
  readonly #seed = randomBytes(32);

  private constructor(pi: CertificateScheme) {
    this.pi = pi;
  }

  static async open(): Promise<Bench> {
    const members = Array.from({ length: N }, () => generateMultisigKey(backend, randomBytes));
    const faults = protocol.faults(N);
    const tauKeys = {
      kind: "multisig",
      threshold: faults.quorum,
      members: members.map((m) => m.member),
    } as const;
    const dealt = dealThreshold(backend, N, faults.oneCorrect, randomBytes);
    const tau = await openScheme(backend, queue, tauKeys);
    const pi = await openScheme(backend, queue, dealt.keys);
    const identityKeys = members.map(() => ed25519.keyFromSeed(randomBytes(32)));
    const identities = identityKeys.map(({ publicKey }) => ({ bootEpoch: 1, publicKey }));
    const keys = new KeyTables({ tau, identities });
    const verifier = new Verifier({ preamble, keys, pi, signatures });
    const bench = new Bench(pi);
    for (let self = 0; self < N; self += 1) {
      const machine = new ThreshSign({
        preamble,
        replica: self,
        bootEpoch: 1,
        instances: N + 1,
        shares: openShareSigner(backend, "multisig", present(members[self], "a member").secret),
        identity: present(identityKeys[self], "an identity"),
      });
      const description = {
        preamble,
        replica: self,
        bootEpoch: 1,
        instances: N + 1,
        identityKey: present(identityKeys[self], "an identity").publicKey,
        shareKey: new Uint8Array(0),
        shareProof: new Uint8Array(0),
      };
      const subsystem = inProcessSigner(machine, description, present(identityKeys[self], "an identity"));
      const shareSigner = openShareSigner(backend, "threshold", present(dealt.secrets[self], "a secret"));
      await bench.#addDriver(self, { verifier, jobs: { preamble, keys, pi, shareSigner, subsystem } });
    }
    for (const driver of bench.drivers) await driver.recover();
    for (const driver of bench.drivers) driver.start();
    return bench;
  }

  async #addDriver(self: ReplicaId, parts: Pick<ReplicaDriverOptions<Replica>, "verifier" | "jobs">) {
    const dir = mkdtempSync(join(tmpdir(), "destiny-driver-"));
    cleanups.push(() => rmSync(dir, { recursive: true, force: true }));
    const failed = (error: Error): void => void this.failures.push(error);
    const identity = { cluster: preamble.cluster, replica: self };
    const store = await Store.open({ dir, ...identity, historyBytesMax: 1 << 26, failed });
    cleanups.push(() => store.close());
    const send = (to: ReplicaId, frame: Uint8Array): void =>
      void setImmediate(() => this.drivers[to]?.onFrame(self, frame));
    const driver = new ReplicaDriver({
      self,
      create: (outbox) =>
        new Replica({
          replies: "proven",
          self,
          faults: protocol.faults(N),
          ordering: protocol.ordering,
          parameters: defaultParameters(N),
          admission: { type: "anyone", clientsMax: 1000 },
          service: new KeyValue(),
          hash: digestOf,
          outbox,
        }),
      store,
      ...parts,
      recorder: createMetrics({ processMetrics: false }),
      links: {
        send,
        broadcast: (frame) => {
          for (let to = 0; to < N; to += 1) if (to !== self) send(to, frame);
        },
        pause: () => {},
        resume: () => {},
      },
      reply: (reply) => void this.replies.set(`${reply.client}:${reply.timestamp}`, reply),
      report: (peer, reason) => void this.reports.push(`${peer} ${reason}`),
      failed,
    });
    cleanups.push(() => driver.stop());
    this.drivers.push(driver);
  }

  /** A client coordinated by `home`. */
  client(home: ReplicaId): { key: Digest; sign: (digest: Digest) => Uint8Array } {
    for (let attempt = 0; ; attempt += 1) {
      this.#seed[0] = attempt;
      this.#seed[1] = home;
      const pair = ed25519.keyFromSeed(this.#seed);
      const key = toDigest(pair.publicKey);
      const coordinator = this.drivers[0]?.replica.coordinatorOf(key);
      if (coordinator === home) {
        return { key, sign: (digest) => pair.sign(requestStatement(preamble, digest)) };
      }
    }
  }

  async reply(client: Digest, timestamp: number): Promise<Reply> {
    for (;;) {
      expect(this.failures).toEqual([]);
      const reply = this.replies.get(`${client}:${timestamp}`);
      if (reply !== undefined) return reply;
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
  }
}

test("commands through every coordinator execute everywhere and are answered with one proof", async () => {
  const bench = await Bench.open();
  for (let round = 1; round <= 5; round += 1) {
    for (let home = 0; home < N; home += 1) {
      const { key, sign } = bench.client(home);
      const put = encodePut(`key-${home}`, Uint8Array.of(round));
      const operations = [encodeOperation(OperationKind.Command, put)];
      const request = Request.create({ client: key, timestamp: round, operations }, digestOf, sign);
      await bench.drivers[home]?.submit(request);
    }
  }
  for (let home = 0; home < N; home += 1) {
    const reply = await bench.reply(bench.client(home).key, 5);
    expect(reply.type).toBe("proven");
    if (reply.type !== "proven") continue;
    const statement = executionStatement(
      preamble,
      reply,
      present(rootOfReply(reply, digestOf), "a path that fits"),
    );
    expect(await bench.pi.verify([{ statement, certificate: reply.aggregate }])).toEqual([true]);
  }
  expect(bench.reports).toEqual([]);
  for (const driver of bench.drivers) expect(driver.replica.status().commands).toBe(15);
});
