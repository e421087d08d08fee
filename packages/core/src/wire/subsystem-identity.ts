import type { Reader } from "./reader.ts";
import type { Writer } from "./writer.ts";

const KEY_BYTES_MAX = 512;

/** A trusted subsystem as it describes itself to the cluster that is to admit it. */
export interface SubsystemIdentity {
  /** Drawn at random with the keys: replica and boot epoch are an identity, which is never revived (hybster.md 10.1). */
  readonly bootEpoch: number;
  /** How well it is kept apart, as its own protocol says it. */
  readonly tier: number;
  /** Of its individual certificates. */
  readonly identityKey: Uint8Array;
  /** Of its shares, in the encoding of the cluster's scheme. */
  readonly shareKey: Uint8Array;
  /** That it has the secret of its share key, where shares are added up; else empty. */
  readonly shareProof: Uint8Array;
  /** By the identity key over all of the above. */
  readonly attestation: Uint8Array;
}

/** Writes it as part of an admission or of a table. */
export function writeIdentity(identity: SubsystemIdentity, out: Writer): void {
  const { bootEpoch, tier, identityKey, shareKey, shareProof, attestation } = identity;
  out.u48(bootEpoch).u8(tier).bytes(identityKey).bytes(shareKey).bytes(shareProof).bytes(attestation);
}

/** Reads what {@link writeIdentity} wrote. Throws {@link DecodeError}. */
export function readIdentity(input: Reader): SubsystemIdentity {
  const [bootEpoch, tier] = [input.u48(), input.u8()];
  const key = (): Uint8Array => input.bytes(KEY_BYTES_MAX).slice();
  return {
    ...{ bootEpoch, tier, identityKey: key(), shareKey: key() },
    ...{ shareProof: key(), attestation: key() },
  };
}
