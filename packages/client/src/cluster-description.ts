import { FaultModel } from "@destiny/core/kernel/fault-model";
import { DIGEST_BYTES, type Digest, REPLICAS_MAX, type ReplicaId } from "@destiny/core/kernel/ids";
import { toDigest } from "@destiny/core/wire/reader";
import { fromHex, toHex } from "./hex.ts";
import { type ReplyScheme, readReplyScheme } from "./reply-scheme.ts";
import { Shape, ShapeError } from "./shape.ts";

/** How a client reaches one replica, and how it knows that it has. */
export interface ReplicaAddress {
  readonly id: ReplicaId;
  /** DNS name or IP address. */
  readonly clientHost: string;
  readonly clientPort: number;
  /** SHA-256 of its certificate's DER bytes, as 64 lower-case hexadecimal digits. */
  readonly fingerprint: string;
}

/**
 * All that a client knows of a cluster beforehand, and all that it trusts. Derived from the genesis; as JSON, the cluster
 * is in hexadecimal and `faults` is `{ "kind", "n", "f", "c" }`.
 */
export interface ClusterDescription {
  /** SHA-256 of the genesis. */
  readonly cluster: Digest;
  /** Number of the configuration: everything that is signed names it. */
  readonly configuration: number;
  /** Replica i at place i. */
  readonly replicas: readonly ReplicaAddress[];
  readonly faults: FaultModel;
  /** What replies are proven with. */
  readonly replyScheme: ReplyScheme;
  /** For how many of a client's latest requests every replica keeps the reply. */
  readonly pipeline: number;
}

/** The description of a cluster is not one. The message names the field and what it must be. */
export class ClusterDescriptionError extends Error {
  override readonly name = "ClusterDescriptionError";
}

const PORT_MAX = 65_535;
const PIPELINE_MAX = 4096;
const CONFIGURATION_MAX = 0xffff_ffff;

/** Reads a description from what `JSON.parse` gave. Throws {@link ClusterDescriptionError}. */
export function parseClusterDescription(json: unknown): ClusterDescription {
  try {
    return readDescription(new Shape("the description", json));
  } catch (error) {
    if (error instanceof ShapeError) throw new ClusterDescriptionError(error.message);
    throw error;
  }
}

/** The description as a JSON value, which {@link parseClusterDescription} reads. */
export function clusterDescriptionToJson(description: ClusterDescription): Record<string, unknown> {
  const { cluster, configuration, replicas, faults, replyScheme, pipeline } = description;
  const { kind, n, f, c } = faults;
  return {
    cluster: toHex(cluster),
    configuration,
    replicas,
    faults: { kind, n, f, c },
    replyScheme,
    pipeline,
  };
}

function readDescription(shape: Shape): ClusterDescription {
  const replicas = shape.list("replicas", REPLICAS_MAX).map(readReplica);
  const faults = readFaults(shape.field("faults"), replicas.length);
  return {
    cluster: toDigest(fromHex(shape.hex("cluster", DIGEST_BYTES))),
    configuration: shape.integer("configuration", 0, CONFIGURATION_MAX),
    replicas,
    faults,
    replyScheme: readReplyScheme(shape.field("replyScheme"), faults),
    pipeline: shape.integer("pipeline", 1, PIPELINE_MAX),
  };
}

function readReplica(shape: Shape, place: number): ReplicaAddress {
  return {
    id: shape.integer("id", place, place),
    clientHost: shape.text("clientHost"),
    clientPort: shape.integer("clientPort", 1, PORT_MAX),
    fingerprint: shape.hex("fingerprint", DIGEST_BYTES),
  };
}

function readFaults(shape: Shape, replicaCount: number): FaultModel {
  const kind = shape.choice("kind", ["hybrid", "byzantine"]);
  const n = shape.integer("n", replicaCount, replicaCount);
  const c = shape.integer("c", 0, kind === "hybrid" ? 0 : n);
  const faults = kind === "hybrid" ? FaultModel.hybrid(n) : FaultModel.byzantine(n, c);
  shape.integer("f", faults.f, faults.f);
  return faults;
}
