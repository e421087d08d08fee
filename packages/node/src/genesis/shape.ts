import { REPLICAS_MAX } from "@destiny/core/kernel/ids";
import type { Parameters } from "@destiny/core/parameters";
import { LIMITS } from "@destiny/core/wire/limits";
import { KEY_BYTES } from "@destiny/crypto/bls/backend";
import type { SchemeKeys } from "@destiny/crypto/certificates/keys";
import { LIST_SIGNERS_MAX } from "@destiny/crypto/certificates/list";
import { SHARE_BYTES } from "@destiny/crypto/certificates/scheme";
import { PUBLIC_KEY_BYTES } from "@destiny/crypto/signatures/ed25519";
import { z } from "zod";
import { GENESIS_FORMAT, type Genesis, type HostPort } from "./genesis.ts";

const EPOCH_MAX = 2 ** 48 - 1;
const WINDOW_MAX = 65_536;
const HOUR_MICROS = 3_600_000_000;
const CLIENTS_MAX = 10_000_000;
const PEM_LENGTH_MAX = 8_192;

function whole(min: number, max: number): z.ZodInt {
  const says = `must be a whole number from ${min} to ${max}`;
  return z.int(says).min(min, says).max(max, says);
}

/** That many bytes in lower-case hex. */
export function hexOf(bytes: number): z.ZodType<string> {
  return z
    .string(`must be ${bytes} bytes in lower-case hex`)
    .regex(new RegExp(`^[0-9a-f]{${2 * bytes}}$`), `must be ${bytes} bytes in lower-case hex`);
}

const hostText: z.ZodType<string> = z
  .string()
  .regex(/^[A-Za-z0-9_.:-]{1,253}$/, "must be a DNS name or an IP address");

/** An address that others dial. */
const hostPort: z.ZodType<HostPort> = z.strictObject({ host: hostText, port: whole(1, 65_535) });

/** An address to listen on; port 0 takes any free one. */
export const listenAddress: z.ZodType<HostPort> = z.strictObject({ host: hostText, port: whole(0, 65_535) });

const parameters: z.ZodType<Parameters> = z.strictObject({
  disseminationWindow: whole(2, WINDOW_MAX),
  orderWindow: whole(2, WINDOW_MAX),
  checkpointPeriod: whole(1, WINDOW_MAX),
  orderEntriesMax: whole(1, LIMITS.evidenceMax),
  referencesPerInstanceMax: whole(1, LIMITS.evidenceMax),
  assignmentsMax: whole(0, LIMITS.evidenceMax),
  optimisticMax: whole(0, WINDOW_MAX),
  ordering: z.enum(["optimistic", "pessimistic"], "must be optimistic or pessimistic"),
  orderBatchDelay: whole(0, HOUR_MICROS),
  batchDelay: whole(0, HOUR_MICROS),
  // The request that crosses the limit still goes in, and the batch must stay within its own.
  batchBytes: whole(1, LIMITS.batchBytesMax - LIMITS.requestBytesMax),
  pullDelay: whole(1_000, HOUR_MICROS),
  statusPeriod: whole(1_000, HOUR_MICROS),
  suspicionDelay: whole(1_000, HOUR_MICROS),
  viewChangeDelay: whole(1_000, HOUR_MICROS),
  graceDelay: whole(1_000, HOUR_MICROS),
  probationSlots: whole(0, 65_536),
  probationCap: whole(0, 20),
  slowReplicas: whole(0, REPLICAS_MAX),
  reinstatementDelay: whole(1_000, HOUR_MICROS),
  pipeline: whole(1, 4_096),
  intakeBytesMax: whole(LIMITS.requestBytesMax, 2 ** 40),
  clientsMax: whole(1, CLIENTS_MAX),
} satisfies Record<keyof Parameters, z.ZodType>);

const member = z.strictObject({ publicKey: hexOf(KEY_BYTES), proof: hexOf(SHARE_BYTES) });
const threshold = whole(1, REPLICAS_MAX);

const scheme: z.ZodType<SchemeKeys> = z.discriminatedUnion("kind", [
  z.strictObject({
    kind: z.literal("threshold"),
    threshold,
    groupKey: hexOf(KEY_BYTES),
    shareKeys: z.array(hexOf(KEY_BYTES)).max(REPLICAS_MAX),
  }),
  z.strictObject({ kind: z.literal("multisig"), threshold, members: z.array(member).max(REPLICAS_MAX) }),
  z.strictObject({
    kind: z.literal("list"),
    threshold,
    keys: z.array(hexOf(PUBLIC_KEY_BYTES)).max(LIST_SIGNERS_MAX),
  }),
]);

const ed25519Key = hexOf(PUBLIC_KEY_BYTES);

const replica = z.strictObject({
  id: whole(0, REPLICAS_MAX - 1),
  mesh: hostPort,
  client: hostPort,
  http: hostPort.nullable(),
  certificate: z.strictObject({ fingerprint: hexOf(32), pem: z.string().max(PEM_LENGTH_MAX) }),
  hostKey: ed25519Key,
  signer: z.strictObject({ identityKey: ed25519Key, bootEpoch: whole(0, EPOCH_MAX) }),
  gatewayKey: ed25519Key,
});

/** A genesis as far as each field can tell; {@link checkGenesis} looks at what they say together. */
export const genesisShape: z.ZodType<Genesis> = z.strictObject({
  format: z.literal(GENESIS_FORMAT, "must be 1: a later program made this file"),
  name: z.string().regex(/^[\x20-\x7e]{1,64}$/, "must be 1 to 64 printable ASCII characters"),
  protocol: z.string(),
  parameters,
  replicas: z.array(replica).max(REPLICAS_MAX, `can be ${REPLICAS_MAX} at most`),
  schemes: z.strictObject({ commits: scheme, replies: scheme, fast: scheme.optional() }),
  admission: z.discriminatedUnion("type", [
    z.strictObject({ type: z.literal("anyone") }),
    z.strictObject({ type: z.literal("list"), clients: z.array(ed25519Key).max(CLIENTS_MAX) }),
  ]),
});
