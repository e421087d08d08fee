import { VALUES_PER_SLOT } from "@destiny/core/agreement/shared/slot-bodies";
import { NEW_VIEWS_MAX } from "@destiny/core/agreement/shared/trusted/lineage";
import type { Parameters } from "@destiny/core/parameters";
import { CLIENT_BYTES_MAX, KEPT_BYTES_MAX } from "@destiny/core/replica/kept-replies";
import { LIMITS } from "@destiny/core/wire/limits";
import type { ReplicaLimits } from "../configuration/replica-settings.ts";
import { UNVERIFIED_BYTES_MAX } from "../host/ingress.ts";
import { GROUP_BYTES_MAX } from "../store/group-commit.ts";

/** What a replica's memory depends on. */
export interface MemoryLoad {
  readonly n: number;
  readonly parameters: Pick<Parameters, "disseminationWindow" | "orderWindow" | "intakeBytesMax">;
  readonly limits: Pick<
    ReplicaLimits,
    "meshBacklogBytesMax" | "clientBacklogBytesMax" | "clientConnectionsMax"
  >;
  /** Clients that have executed anything. */
  readonly clients: number;
  /** What the service holds: its own to bound. */
  readonly serviceBytes: number;
}

const MEBIBYTE = 1_048_576;

/** The program, the engine and its young generation, threads, and pages of the store that were not given back yet. */
const ENGINE_BYTES = 512 * MEBIBYTE;
/** Of one peer: frames that wait for verification, the one that crosses that, and one that is being read. */
const INGRESS_BYTES: number = UNVERIFIED_BYTES_MAX + 2 * LIMITS.frameBytesMax;
/** The group that is being written to the disk and the one that waits, and what crosses that. */
const STORE_BYTES: number = 2 * (GROUP_BYTES_MAX + LIMITS.frameBytesMax);
/** Replies kept for one client, and the one that crosses that. */
const CLIENT_BYTES: number = CLIENT_BYTES_MAX + LIMITS.requestResultsBytesMax;

/**
 * Most that a correct replica holds in memory, in bytes, whatever f faulty replicas send (dqbft.md H36; invariant S14): its
 * n windows for dissemination and the one for the order, full of the largest legal values, as many as a slot may remember; NewViews
 * of the largest size; the queues from and to its peers; requests that wait; replies for clients that may want them again. Each term
 * is a limit in the code, and no correct replica comes near their sum: values of the largest size in every slot take a faulty
 * primary of every instance in several views. Everything else that a peer can make it keep is a few hundred bytes per replica, view or client, and part of the engine's allowance.
 */
export function memoryBound({ n, parameters, limits, clients, serviceBytes }: MemoryLoad): number {
  const { disseminationWindow, orderWindow, intakeBytesMax } = parameters;
  const disseminated = n * disseminationWindow * VALUES_PER_SLOT * LIMITS.valueBytesMax;
  // An O-value comes with its evidence: together a frame.
  const ordered = orderWindow * VALUES_PER_SLOT * LIMITS.frameBytesMax;
  const views = (n + 1) * NEW_VIEWS_MAX * LIMITS.frameBytesMax;
  const peers = (n - 1) * (INGRESS_BYTES + limits.meshBacklogBytesMax);
  const kept = Math.min(clients * CLIENT_BYTES, KEPT_BYTES_MAX + LIMITS.requestResultsBytesMax);
  const served = Math.min(clients, limits.clientConnectionsMax) * limits.clientBacklogBytesMax;
  const queues = peers + STORE_BYTES + intakeBytesMax + served;
  return ENGINE_BYTES + disseminated + ordered + views + queues + kept + serviceBytes;
}
