import { rootOfReply } from "@destiny/core/wire/reply";
import type { CertificateScheme, Claim } from "@destiny/crypto/certificates/scheme";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { ScriptedCluster } from "@destiny/testkit/client/scripted-cluster";
import { expect, test } from "vitest";
import { ProofVerifier } from "./proof-verifier.ts";

const cluster = new ScriptedCluster(3);
const asked = { client: cluster.preamble.cluster, timestamp: 5, operations: [Uint8Array.of(1)] };
const reply = cluster.proven(asked);
const root = rootOfReply(reply, digestOf) ?? "";
const forged = new Uint8Array(48);

/** A verifier, and the claims that its scheme got to see. */
function counted(): { verifier: ProofVerifier; claims: Claim[] } {
  const claims: Claim[] = [];
  const scheme: CertificateScheme = Object.create(cluster.scheme, {
    verify: {
      value: async (asked: readonly Claim[]) => {
        claims.push(...asked);
        return asked.map(({ statement, certificate }) => cluster.scheme.verifySync(statement, certificate));
      },
    },
  });
  return { verifier: new ProofVerifier(scheme, cluster.preamble), claims };
}

test("a statement is looked at once, however many ask, at the same time or later", async () => {
  const { verifier, claims } = counted();
  const answers = await Promise.all([1, 2, 3].map(() => verifier.prove(reply, root, reply.aggregate)));
  expect(answers).toEqual([reply.aggregate, reply.aggregate, reply.aggregate]);
  expect(await verifier.prove(reply, root, reply.aggregate)).toBe(reply.aggregate);
  expect(claims).toHaveLength(1);
});

test("a forged certificate proves nothing and is not remembered as anything", async () => {
  const { verifier, claims } = counted();
  expect(await verifier.prove(reply, root, forged)).toBeNull();
  expect(await verifier.prove(reply, root, forged)).toBeNull();
  expect(await verifier.prove({ seq: 8, entry: 1 }, root, reply.aggregate)).toBeNull();
  expect(await verifier.prove({ seq: 7, entry: 2 }, root, reply.aggregate)).toBeNull();
  expect(await verifier.prove(reply, cluster.preamble.cluster, reply.aggregate)).toBeNull();
  expect(await verifier.prove(reply, root, reply.aggregate)).toBe(reply.aggregate);
  expect(claims).toHaveLength(6);
});

test("what is proven stays proven, and the certificate that holds is the one given out", async () => {
  const { verifier } = counted();
  const [first, second] = await Promise.all([
    verifier.prove(reply, root, reply.aggregate),
    verifier.prove(reply, root, forged),
  ]);
  expect(first).toBe(reply.aggregate);
  expect(second === null || second === reply.aggregate).toBe(true);
  expect(await verifier.prove(reply, root, forged)).toBe(reply.aggregate);
});
