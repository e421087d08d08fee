import type { Parameters } from "@destiny/core/parameters";
import { LIMITS } from "@destiny/core/wire/limits";
import type { ReplicaLimits } from "../configuration/replica-settings.ts";

/** What a replica's memory depends on. */
export interface MemoryLoad {
  readonly n: number;
  readonly parameters: Pick<Parameters, "disseminationWindow" | "orderWindow" | "intakeBytesMax">;
  readonly limits: Pick<ReplicaLimits, "meshBacklogBytesMax" | "clientBacklogBytesMax">;
  /** Clients that have executed anything. */
  readonly clients: number;
  /** What the service holds: its own to bound. */
  readonly serviceBytes: number;
}

const MEBIBYTE = 1_048_576;

/** The program, the engine and its young generation, threads, and pages of the store that were not given back yet. */
const ENGINE_BYTES = 512 * MEBIBYTE;
/**
 * Values that one slot may hold: the present view's, an earlier and a later view's, and one that a view change speaks of. Each
 * is of the largest size only if its proposer is faulty, or its clients send the largest requests.
 */
const VALUES_PER_SLOT = 4;
/** Of one peer: frames that wait for verification (16 MiB), the one that crosses that, and one that is being read. */
const INGRESS_BYTES: number = 16 * MEBIBYTE + 2 * LIMITS.frameBytesMax;
/** The group that is being written to the disk and the one that waits: 16 MiB each, and what crosses that. */
const STORE_BYTES: number = 2 * (16 * MEBIBYTE + LIMITS.frameBytesMax);
/** Replies kept for one client: 1 MiB, and the one that crosses that. */
const CLIENT_BYTES: number = MEBIBYTE + LIMITS.requestResultsBytesMax;

/**
 * Most that a correct replica holds in memory, in bytes, whatever f faulty replicas send (dqbft.md H36; invariant S14): its
 * n windows for dissemination and the one for the order, full of the largest values in each of the views that a slot may
 * remember; the queues from and to its peers; requests that wait; replies for clients that may want them again. Everything
 * else that a peer can make it keep is a few hundred bytes per replica, view or client, and part of the engine's allowance.
 */
export function memoryBound({ n, parameters, limits, clients, serviceBytes }: MemoryLoad): number {
  const { disseminationWindow, orderWindow, intakeBytesMax } = parameters;
  const disseminated = n * disseminationWindow * VALUES_PER_SLOT * LIMITS.valueBytesMax;
  // An O-value comes with its evidence: together a frame.
  const ordered = orderWindow * VALUES_PER_SLOT * LIMITS.frameBytesMax;
  const peers = (n - 1) * (INGRESS_BYTES + limits.meshBacklogBytesMax);
  const served = clients * (CLIENT_BYTES + limits.clientBacklogBytesMax);
  return ENGINE_BYTES + disseminated + ordered + peers + STORE_BYTES + intakeBytesMax + served + serviceBytes;
}
