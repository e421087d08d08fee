import type { GenesisMember } from "@destiny/core/wire/admission";
import type { AdmissionCheck } from "@destiny/core/wire/check";
import { toDigest } from "@destiny/core/wire/reader";
import type { Preamble } from "@destiny/core/wire/statement";
import type { SubsystemIdentity } from "@destiny/core/wire/subsystem-identity";
import type { BlsBackend } from "@destiny/crypto/bls/backend";
import type { CheckQueue } from "@destiny/crypto/bls/check-queue";
import { isAdmissibleKey, shareKeysOf } from "@destiny/crypto/certificates/keys";
import { isSoundPoint, openEd25519 } from "@destiny/crypto/signatures/ed25519";
import { verifyAttestation } from "@destiny/crypto/trusted/attestation";
import { TIERS } from "@destiny/crypto/trusted/protocol";
import type { TrustedSubsystem } from "@destiny/crypto/trusted/subsystem";
import { type Genesis, instanceCountOf, preambleOf } from "../genesis/genesis.ts";

/** An admission names the identity that it replaces and is signed by the host: nothing else has to be fresh in it. */
const NO_NONCE: Uint8Array = new Uint8Array(0);

/** The replicas of a genesis as the core knows them. */
export function membersOf(genesis: Genesis): readonly GenesisMember[] {
  const shareKeys = shareKeysOf(genesis.schemes.commits);
  return genesis.replicas.map(({ id, hostKey, signer }) => ({
    hostKey: toDigest(bytes(hostKey)),
    bootEpoch: signer.bootEpoch,
    identityKey: bytes(signer.identityKey),
    shareKey: bytes(shareKeys[id] ?? ""),
  }));
}

/** Our own trusted subsystem, as the cluster is to know it. */
export async function introduce(subsystem: TrustedSubsystem): Promise<SubsystemIdentity> {
  const { description, signature: attestation } = await subsystem.attest(NO_NONCE);
  const { bootEpoch, identityKey, shareKey, shareProof } = description;
  return { bootEpoch, tier: TIERS.indexOf(description.tier), identityKey, shareKey, shareProof, attestation };
}

/** What says whether a new subsystem is what it says of itself. Never rejects for bad bytes. */
export function admissionVerifier(
  genesis: Genesis,
  cryptography: { readonly backend: BlsBackend; readonly queue: CheckQueue },
): (check: AdmissionCheck) => Promise<boolean> {
  const preamble: Preamble = preambleOf(genesis);
  const ed25519 = openEd25519();
  const { kind } = genesis.schemes.commits;
  return async ({ replica, subsystem }) => {
    const { bootEpoch, identityKey, shareKey, shareProof, attestation: signature } = subsystem;
    const tier = TIERS[subsystem.tier];
    if (tier === undefined || identityKey.length !== 32 || !isSoundPoint(identityKey)) return false;
    const keys = { identityKey, shareKey, shareProof };
    const description = { tier, preamble, replica, bootEpoch, instances: instanceCountOf(genesis), ...keys };
    if (!verifyAttestation({ description, signature }, NO_NONCE, ed25519)) return false;
    return isAdmissibleKey(cryptography, kind, keys);
  };
}

function bytes(hex: string): Uint8Array {
  return Uint8Array.from(Buffer.from(hex, "hex"));
}
