import { PROTOCOL_VERSION, Purpose } from "@destiny/core/wire/statement";
import { Writer } from "@destiny/core/wire/writer";
import type { Ed25519 } from "../signatures/ed25519.ts";
import type { IdentitySigner } from "./identity-signer.ts";
import { encodeDescription } from "./protocol.ts";
import type { Attestation, SubsystemDescription } from "./subsystem.ts";

/** What an attestation signs: a purpose of its own, the nonce and the description. */
function attestationStatement(description: SubsystemDescription, nonce: Uint8Array): Uint8Array {
  const { cluster, configuration } = description.preamble;
  const out = new Writer().u8(PROTOCOL_VERSION).u8(Purpose.Attestation).digest(cluster).u32(configuration);
  return out.bytes(nonce).bytes(encodeDescription(description)).finish();
}

/** Signs a description together with a nonce. */
export function attest(
  description: SubsystemDescription,
  nonce: Uint8Array,
  identity: IdentitySigner,
): Attestation {
  return { description, signature: identity.sign(attestationStatement(description, nonce)) };
}

/** Whether the holder of the described identity key signed this description with this nonce. Never throws. */
export function verifyAttestation(attestation: Attestation, nonce: Uint8Array, ed25519: Ed25519): boolean {
  const { description, signature } = attestation;
  const message = attestationStatement(description, nonce);
  return ed25519.verify({ publicKey: description.identityKey, message, signature });
}
