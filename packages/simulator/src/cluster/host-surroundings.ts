import type { Outbox } from "@destiny/core/effects/port";
import type { Micros, ReplicaId } from "@destiny/core/kernel/ids";
import type { Misbehaviour } from "@destiny/core/kernel/misbehaviour";
import type { Driven } from "@destiny/core/replica/driven";
import type { Identities } from "@destiny/core/replica/membership";
import type { Reply } from "@destiny/core/wire/reply";
import type { ThreshSign } from "@destiny/crypto/trusted/threshsign";
import type { Engine } from "../engine/engine.ts";
import type { Trace } from "../engine/trace.ts";
import type { Instant, Machine } from "../machine/machine.ts";
import type { Network } from "../network/network.ts";
import type { Sizes } from "../network/sizes.ts";
import type { ClusterTrust } from "../trust/trust.ts";
import type { TimerName } from "./timers.ts";

/** What one machine of a simulated cluster is given: who it is, what it runs, and the world around it. */
export interface HostSurroundings {
  readonly self: ReplicaId;
  readonly n: number;
  readonly engine: Engine;
  readonly network: Network;
  readonly trace: Trace;
  readonly trust: ClusterTrust;
  /** Its trusted subsystem, if it has one already; a new one of the genesis if absent. */
  readonly subsystem?: ThreshSign;
  readonly sizes: Sizes;
  readonly machine: Machine;
  /** How long its disk takes. */
  readonly diskMicros: Micros;
  /**
   * Whether what a replica persists has to be durable before it goes on. If not, its disk is no more than memory for checkpoints:
   * it costs nothing, and the replica cannot come back after a crash.
   */
  readonly durable: boolean;
  /** Makes the replica that this host runs, anew after every crash. */
  readonly create: CreateDriven;
  readonly isBackground: (timer: TimerName) => boolean;
  /** Sends a reply that is ready to leave at an instant. */
  readonly reply: (from: ReplicaId, reply: Reply, at: Instant) => void;
  readonly report: (by: ReplicaId, peer: ReplicaId, reason: Misbehaviour) => void;
}

/** Makes a replica, given who the replicas are and what its own trusted subsystem is now, where that can change. */
export type CreateDriven = (self: ReplicaId, outbox: Outbox, identities: Identities | undefined) => Driven;
