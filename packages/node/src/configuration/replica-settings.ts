import type { ReplicaId } from "@destiny/core/kernel/ids";
import { REPLICAS_MAX } from "@destiny/core/kernel/ids";
import { z } from "zod";
import { readJsonFile } from "../files/json-file.ts";
import type { HostPort } from "../genesis/genesis.ts";
import { listenAddress } from "../genesis/shape.ts";

/** Version of the format of `replica.json`. */
export const SETTINGS_FORMAT = 1;

/** How much is logged: pino's levels. */
export type LogLevel = "fatal" | "error" | "warn" | "info" | "debug" | "trace" | "silent";

/** What one replica may spend; unlike the cluster's parameters, its operator's alone to choose. */
export interface ReplicaLimits {
  /** Disk space for decided slots that a checkpoint covers, kept for replicas that are behind. */
  readonly historyBytesMax: number;
  /** Bytes that may wait for one peer before what comes on top is dropped. */
  readonly meshBacklogBytesMax: number;
  /** Connections of clients, in all. */
  readonly clientConnectionsMax: number;
  /** Bytes of replies that may wait for one client before it is dropped. */
  readonly clientBacklogBytesMax: number;
  /** Connections to the HTTP gateway. */
  readonly httpConnectionsMax: number;
  /** Commands that the HTTP gateway has under way at once. */
  readonly httpCommandsMax: number;
  /** How long the HTTP gateway waits for a command. */
  readonly httpDeadlineMillis: number;
}

/** What `replica.json` says. Paths are relative to its folder. */
export interface ReplicaSettings {
  readonly format: typeof SETTINGS_FORMAT;
  readonly id: ReplicaId;
  readonly genesis: string;
  /** On which addresses of this machine to listen; port 0 takes any free one. */
  readonly listen: { readonly mesh: HostPort; readonly client: HostPort; readonly http: HostPort | null };
  /** Folder of the store. */
  readonly data: string;
  /** Folder of the trusted signer. */
  readonly signer: string;
  readonly logLevel: LogLevel;
  readonly limits: ReplicaLimits;
}

const MEBIBYTE = 1_048_576;

/** Limits of a replica whose settings do not give any. */
export const DEFAULT_REPLICA_LIMITS: ReplicaLimits = {
  historyBytesMax: 512 * MEBIBYTE,
  meshBacklogBytesMax: 64 * MEBIBYTE,
  clientConnectionsMax: 1_024,
  clientBacklogBytesMax: 16 * MEBIBYTE,
  httpConnectionsMax: 1_024,
  httpCommandsMax: 256,
  httpDeadlineMillis: 10_000,
};

const REMEDY = "correct it, or restore the file as `destiny init` wrote it";
const path = z.string().min(1, "must be a path").max(4_096);

function limit(name: keyof ReplicaLimits, min: number, max: number): z.ZodType<number> {
  const says = `must be a whole number from ${min} to ${max}`;
  return z.int(says).min(min, says).max(max, says).default(DEFAULT_REPLICA_LIMITS[name]);
}

const limits = z.strictObject({
  historyBytesMax: limit("historyBytesMax", 0, 2 ** 50),
  meshBacklogBytesMax: limit("meshBacklogBytesMax", 8 * MEBIBYTE, 2_047 * MEBIBYTE),
  clientConnectionsMax: limit("clientConnectionsMax", 1, 65_536),
  clientBacklogBytesMax: limit("clientBacklogBytesMax", 5 * MEBIBYTE, 1_024 * MEBIBYTE),
  httpConnectionsMax: limit("httpConnectionsMax", 1, 65_536),
  httpCommandsMax: limit("httpCommandsMax", 1, 4_096),
  httpDeadlineMillis: limit("httpDeadlineMillis", 100, 300_000),
} satisfies Record<keyof ReplicaLimits, z.ZodType>);

const settings: z.ZodType<ReplicaSettings> = z.strictObject({
  format: z.literal(SETTINGS_FORMAT, "must be 1: a later program made this file"),
  id: z
    .int()
    .min(0)
    .max(REPLICAS_MAX - 1),
  genesis: path,
  listen: z.strictObject({ mesh: listenAddress, client: listenAddress, http: listenAddress.nullable() }),
  data: path,
  signer: path,
  logLevel: z.enum(["fatal", "error", "warn", "info", "debug", "trace", "silent"]),
  limits: limits.default(DEFAULT_REPLICA_LIMITS),
});

/** Reads a `replica.json`. Throws {@link ConfigurationError} for anything that is not right in it. */
export function readSettings(file: string): ReplicaSettings {
  return readJsonFile(file, settings, REMEDY);
}
