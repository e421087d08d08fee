import type { FaultModel } from "@destiny/core/kernel/fault-model";
import { REPLICAS_MAX } from "@destiny/core/kernel/ids";
import { KEY_BYTES } from "@destiny/crypto/bls/backend";
import type { SchemeKeys } from "@destiny/crypto/certificates/keys";
import { LIST_SIGNERS_MAX } from "@destiny/crypto/certificates/list";
import { SHARE_BYTES } from "@destiny/crypto/certificates/scheme";
import { PUBLIC_KEY_BYTES } from "@destiny/crypto/signatures/ed25519";
import type { Shape } from "./shape.ts";

/** What proves a reply: one certificate of the group with these keys, or only as many equal replies as hold a correct one. */
export type ReplyScheme = SchemeKeys | { readonly kind: "plain" };

/** Reads the scheme of a cluster with these faults. Whether the keys are keys is for the scheme to find out. */
export function readReplyScheme(shape: Shape, faults: FaultModel): ReplyScheme {
  const kind = shape.choice("kind", ["threshold", "multisig", "list", "plain"]);
  if (kind === "plain") return { kind };
  // Fewer signers could all be faulty, and more might never be there.
  const threshold = shape.integer("threshold", faults.oneCorrect, faults.oneCorrect);
  if (kind === "list") {
    return { kind, threshold, keys: shape.hexes("keys", PUBLIC_KEY_BYTES, LIST_SIGNERS_MAX) };
  }
  if (kind === "threshold") {
    const groupKey = shape.hex("groupKey", KEY_BYTES);
    return { kind, threshold, groupKey, shareKeys: shape.hexes("shareKeys", KEY_BYTES, REPLICAS_MAX) };
  }
  const members = shape.list("members", REPLICAS_MAX).map((member) => ({
    publicKey: member.hex("publicKey", KEY_BYTES),
    proof: member.hex("proof", SHARE_BYTES),
  }));
  return { kind, threshold, members };
}
