import { randomBytes } from "node:crypto";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { rootOfReply } from "@destiny/core/wire/reply";
import { executionStatement } from "@destiny/core/wire/statement";
import { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { openBls } from "@destiny/crypto/bls/open";
import { dealThreshold, openScheme, openShareSigner } from "@destiny/crypto/certificates/keys";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { ScriptedCluster } from "@destiny/testkit/client/scripted-cluster";
import { expect, test } from "vitest";
import { clusterDescriptionToJson, parseClusterDescription } from "./cluster-description.ts";
import { openProofVerifier } from "./open-proof-verifier.ts";
import { toVerifiedReply } from "./verified-reply.ts";
import { verifyReply } from "./verify-reply.ts";

const scripted = new ScriptedCluster(3);
const address = (id: number) => ({ id, clientHost: "::1", clientPort: 1, fingerprint: "00".repeat(32) });
const unproven = scripted.description([0, 1, 2].map(address));

test("a reply proven with real keys holds against the description in a file, and no other does", async () => {
  const backend = openBls(() => undefined);
  const { keys, secrets } = dealThreshold(backend, 3, 2, (length) => randomBytes(length));
  const scheme = await openScheme(backend, new CheckQueue(backend), keys);
  const reply = scripted.proven({ client: digestOf(), timestamp: 5, operations: [Uint8Array.of(1)] });
  const root = rootOfReply(reply, digestOf) ?? "";
  const statement = executionStatement(scripted.preamble, reply, root);
  const shares = [0, 2].map((signer) => ({
    signer,
    share: openShareSigner(backend, keys.kind, secrets[signer] ?? "").signSync(statement),
  }));
  const { certificate: aggregate } = await scheme.combine(statement, shares);
  await backend.close();
  if (aggregate === undefined) throw new Error("no certificate");
  const file = JSON.stringify(clusterDescriptionToJson({ ...unproven, replyScheme: keys }));
  const description = parseClusterDescription(JSON.parse(file));
  const proven = toVerifiedReply(reply, { ...reply, root, aggregate });
  expect(await verifyReply(proven, description)).toBe(true);
  expect(await verifyReply({ ...proven, seq: proven.seq + 1 }, description)).toBe(false);
  expect(await verifyReply(proven, { ...description, configuration: 1 })).toBe(false);
});

test("keys that are none are the operator's to put right", async () => {
  const shareKeys = [0, 1, 2].map(() => "11".repeat(96));
  const replyScheme = { kind: "threshold", threshold: 2, groupKey: "00".repeat(96), shareKeys } as const;
  await expect(openProofVerifier({ ...unproven, replyScheme })).rejects.toThrow(ConfigurationError);
});
