import { rootOfReply } from "@destiny/core/wire/reply";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { ScriptedCluster } from "@destiny/testkit/client/scripted-cluster";
import { expect, test } from "vitest";
import { ProofVerifier } from "./proof-verifier.ts";
import { toVerifiedReply, type VerifiedReply } from "./verified-reply.ts";
import { replyFromJson, replyToJson, verifyReply } from "./verify-reply.ts";

const cluster = new ScriptedCluster(3);
const description = cluster.description([]);
const verifier = new ProofVerifier(cluster.scheme, cluster.preamble);
const proven = cluster.proven({
  client: cluster.preamble.cluster,
  timestamp: 5,
  operations: [Uint8Array.of(1), Uint8Array.of(2)],
});
const reply = toVerifiedReply(proven, { ...proven, root: rootOfReply(proven, digestOf) ?? "" });
const holds = (claimed: VerifiedReply): Promise<boolean> => verifyReply(claimed, description, verifier);

test("a proven reply holds, also after a journey as JSON", async () => {
  expect(await holds(reply)).toBe(true);
  const travelled = replyFromJson(JSON.parse(JSON.stringify(replyToJson(reply))));
  expect(await holds(travelled)).toBe(true);
  expect(travelled.outcomes).toEqual(reply.outcomes);
});

test("a reply changed in any part does not hold", async () => {
  const { proof } = reply;
  if (proof === null) throw new Error("no proof");
  const [first, second] = reply.outcomes;
  if (first === undefined || second === undefined) throw new Error("no outcomes");
  const changed: VerifiedReply[] = [
    { ...reply, client: "x".repeat(32) },
    { ...reply, timestamp: 6 },
    { ...reply, seq: 8 },
    { ...reply, entry: 2 },
    { ...reply, outcomes: [second, first] },
    { ...reply, outcomes: [first] },
    { ...reply, outcomes: [first, { ok: false, code: 1 }] },
    { ...reply, proof: null },
    { ...reply, proof: { ...proof, root: "x".repeat(32) } },
    { ...reply, proof: { ...proof, index: 1 } },
    { ...reply, proof: { ...proof, count: 4 } },
    { ...reply, proof: { ...proof, path: [] } },
  ];
  for (const claimed of changed) expect(await holds(claimed)).toBe(false);
  const fresh = new ProofVerifier(cluster.scheme, cluster.preamble);
  const forged = { ...reply, proof: { ...proof, aggregate: new Uint8Array(48) } };
  expect(await verifyReply(forged, description, fresh)).toBe(false);
});

test("a cluster without certificates proves nothing", async () => {
  expect(await verifyReply(reply, cluster.description([], true))).toBe(false);
});

test.each([
  null,
  {},
  { ...replyToJson(reply), proof: null },
  { ...replyToJson(reply), seq: 2 ** 48 },
  { ...replyToJson(reply), results: ["0"] },
  { ...replyToJson(reply), client: 5 },
])("what is no reply is told: %#", (wrong) => {
  expect(() => replyFromJson(wrong)).toThrow("must be");
});
