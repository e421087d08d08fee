import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import { encodeClientMessage } from "@destiny/core/wire/client-protocol";
import type { RefusalCode } from "@destiny/core/wire/reply";
import type { Request } from "@destiny/core/wire/request";

/** One submission on its way: what was asked, the request that carries it now, and what replicas said of that. */
export class Submission {
  readonly ticket: number;
  readonly operations: readonly Uint8Array[];
  readonly deadline: Micros;
  /** Place among all requests that this client signed; meaningless before it is signed. */
  place = 0;
  /** The signed request, framed as a message; null while the submission waits for its turn. */
  message: Uint8Array | null = null;
  timestamp = 0;
  readonly #refusals = new Map<ReplicaId, RefusalCode>();
  readonly #plain = new Map<ReplicaId, Digest>();
  readonly #proofsFrom = new Set<ReplicaId>();

  constructor(ticket: number, operations: readonly Uint8Array[], deadline: Micros) {
    this.ticket = ticket;
    this.operations = operations;
    this.deadline = deadline;
  }

  /** Goes out as this request from now on. What was said of an earlier one is void. */
  sign(request: Request, place: number): void {
    this.message = encodeClientMessage({ type: "submit", request });
    this.timestamp = request.timestamp;
    this.place = place;
    this.#refusals.clear();
    this.#plain.clear();
    this.#proofsFrom.clear();
  }

  /** Counts a replica's latest refusal, and gives all whose latest is the same. */
  refuse(from: ReplicaId, code: RefusalCode): ReplicaId[] {
    this.#refusals.set(from, code);
    return [...this.#refusals].filter(([, said]) => said === code).map(([replica]) => replica);
  }

  /** Each replica's latest refusal. */
  get refusals(): ReadonlyMap<ReplicaId, RefusalCode> {
    return this.#refusals;
  }

  /** Counts a replica's only plain reply, by its digest, and gives how many sent the same. */
  reply(from: ReplicaId, digest: Digest): number {
    if (!this.#plain.has(from)) this.#plain.set(from, digest);
    let count = 0;
    for (const said of this.#plain.values()) if (said === digest) count += 1;
    return this.#plain.get(from) === digest ? count : 0;
  }

  /** Whether this replica may have a proof looked at: one each, so that forgers cost little. */
  admitProof(from: ReplicaId): boolean {
    if (this.#proofsFrom.has(from)) return false;
    this.#proofsFrom.add(from);
    return true;
  }
}
