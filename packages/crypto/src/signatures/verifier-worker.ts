import { serve } from "../threads/serve.ts";
import { openEd25519 } from "./ed25519.ts";
import { type PackedSigned, verifyPacked } from "./verifier.ts";

// The thread of the signature verifier.

const ed25519 = openEd25519();
serve((packed: PackedSigned): Uint8Array => verifyPacked(ed25519, packed));
