import type { Digest, ReplicaId } from "../kernel/ids.ts";
import { DecodeError, Reader } from "./reader.ts";
import type { Request } from "./request.ts";
import { readIdentity, type SubsystemIdentity, writeIdentity } from "./subsystem-identity.ts";
import { Writer } from "./writer.ts";

/** First byte of the operation. Those of the service are others. */
const ADMIT = 2;

/**
 * `Admit` of hybster.md 10.1: the replica's trusted subsystem has lost its memory, and a new one is to take its place. A request
 * carries it, signed by the replica's host key: nobody else could replace a healthy one.
 */
export class Admission {
  readonly replica: ReplicaId;
  /** Boot epoch of the identity that it replaces: what was admitted once cannot be admitted again. */
  readonly predecessor: number;
  readonly subsystem: SubsystemIdentity;
  /** Whether attestation and proof are good; null while nobody looked. */
  valid: boolean | null = null;

  constructor(replica: ReplicaId, predecessor: number, subsystem: SubsystemIdentity) {
    this.replica = replica;
    this.predecessor = predecessor;
    this.subsystem = subsystem;
  }
}

/** The operation that asks for it. */
export function encodeAdmission({ replica, predecessor, subsystem }: Admission): Uint8Array {
  const out = new Writer(512).u8(ADMIT).u16(replica).u48(predecessor);
  writeIdentity(subsystem, out);
  return out.finish();
}

const found = new WeakMap<Request, Admission | null>();

/** What a request asks to be admitted, read once; null if it is any other. An admission is a request of its own. */
export function admissionOf(request: Request): Admission | null {
  const [operation] = request.operations;
  if (request.operations.length !== 1 || operation?.[0] !== ADMIT) return null;
  const known = found.get(request);
  if (known !== undefined) return known;
  const admission = parse(operation);
  found.set(request, admission);
  return admission;
}

function parse(operation: Uint8Array): Admission | null {
  try {
    const input = new Reader(operation);
    input.u8();
    const [replica, predecessor] = [input.u16(), input.u48()];
    const admission = new Admission(replica, predecessor, readIdentity(input));
    input.end();
    return admission;
  } catch (error) {
    if (error instanceof DecodeError) return null;
    throw error;
  }
}

/** One replica as the genesis names it, as far as admissions go. */
export interface GenesisMember {
  /** Ed25519 public key of the replica itself, which signs its admissions. */
  readonly hostKey: Digest;
  readonly bootEpoch: number;
  readonly identityKey: Uint8Array;
  readonly shareKey: Uint8Array;
}
