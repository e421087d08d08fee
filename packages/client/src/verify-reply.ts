import { COUNTER_MAX, DIGEST_BYTES } from "@destiny/core/kernel/ids";
import { LIMITS } from "@destiny/core/wire/limits";
import { PATH_MAX } from "@destiny/core/wire/merkle";
import { toDigest } from "@destiny/core/wire/reader";
import { decodeOutcome, encodeOutcome, type Outcome, rootOfReply } from "@destiny/core/wire/reply";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { ClusterDescription } from "./cluster-description.ts";
import { fromHex, toHex } from "./hex.ts";
import { openProofVerifier } from "./open-proof-verifier.ts";
import type { ProofVerifier } from "./proof-verifier.ts";
import { Shape } from "./shape.ts";
import type { VerifiedReply } from "./verified-reply.ts";

const ENTRY_MAX = 0xffff;

/**
 * Whether a reply's own proof holds, offline: that the cluster executed the client's request of that timestamp, at that
 * place and with those outcomes. It does not say what the request asked. False for a reply without a proof. A
 * verifier spares opening one; it may know the same results by another certificate.
 */
export async function verifyReply(
  reply: VerifiedReply,
  cluster: ClusterDescription,
  verifier?: ProofVerifier,
): Promise<boolean> {
  if (verifier !== undefined) return verifyWith(reply, verifier);
  const { proofs, close } = await openProofVerifier(cluster);
  try {
    return proofs !== null && (await verifyWith(reply, proofs));
  } finally {
    await close();
  }
}

/** The reply as a JSON value: digests and bytes in hexadecimal. */
export function replyToJson(reply: VerifiedReply): Record<string, unknown> {
  const { client, timestamp, seq, entry, outcomes, proof } = reply;
  return {
    client: toHex(client),
    timestamp,
    seq,
    entry,
    results: outcomes.map((outcome) => toHex(encodeOutcome(outcome))),
    proof: proof && {
      root: toHex(proof.root),
      aggregate: toHex(proof.aggregate),
      index: proof.index,
      count: proof.count,
      path: proof.path.map(toHex),
    },
  };
}

/** A reply as somebody claims it to be, from what `JSON.parse` gave: {@link verifyReply} tells. Throws `ShapeError`. */
export function replyFromJson(json: unknown): VerifiedReply {
  const shape = new Shape("the reply", json);
  const proof = shape.field("proof");
  return {
    client: toDigest(fromHex(shape.hex("client", DIGEST_BYTES))),
    timestamp: shape.integer("timestamp", 0, COUNTER_MAX),
    seq: shape.integer("seq", 0, COUNTER_MAX),
    entry: shape.integer("entry", 0, ENTRY_MAX),
    outcomes: readOutcomes(shape),
    proof: {
      root: toDigest(fromHex(proof.hex("root", DIGEST_BYTES))),
      aggregate: fromHex(proof.hexUpTo("aggregate", LIMITS.certificateBytesMax)),
      index: proof.integer("index", 0, LIMITS.batchBytesMax),
      count: proof.integer("count", 1, LIMITS.batchBytesMax),
      path: proof.hexes("path", DIGEST_BYTES, PATH_MAX).map((digest) => toDigest(fromHex(digest))),
    },
  };
}

function readOutcomes(shape: Shape): Outcome[] {
  const results = shape.hexesUpTo("results", LIMITS.resultBytesMax + 1, LIMITS.requestCommandsMax);
  return results.map((result) => decodeOutcome(fromHex(result)));
}

async function verifyWith(reply: VerifiedReply, verifier: ProofVerifier): Promise<boolean> {
  const { client, timestamp, seq, entry, outcomes, proof } = reply;
  if (proof === null) return false;
  const { aggregate, index, count, path } = proof;
  const results = outcomes.map(encodeOutcome);
  // Field by field: whatever else a claimed proof has must not stand in for what the reply says.
  const claimed = {
    type: "proven",
    client,
    timestamp,
    seq,
    entry,
    index,
    count,
    path,
    aggregate,
    results,
  } as const;
  const root = rootOfReply(claimed, digestOf);
  if (root === null || root !== proof.root) return false;
  return (await verifier.prove({ seq, entry }, root, aggregate)) !== null;
}
