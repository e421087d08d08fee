import { RefusalCode } from "@destiny/core/wire/reply";
import { Counter, collectDefaultMetrics, Histogram, Registry } from "prom-client";
import type { HostRecorder } from "../host/types.ts";
import { type MetricsSource, Samples } from "./samples.ts";

/** Spans from a fast signature to a disk in trouble, in seconds. */
const SECONDS = [0.0002, 0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 1, 5];
const BATCH_BYTES = [512, 4_096, 16_384, 65_536, 131_072, 262_144, 524_288, 1_048_576, 2_097_152];
const GROUP_RECORDS = [1, 2, 4, 8, 16, 32, 64, 128, 256, 1_024];

const REFUSALS: ReadonlyMap<number, string> = new Map(
  Object.entries(RefusalCode).map(([name, code]) => [code, name]),
);

/** What happens at a replica, counted. Recording costs well under a microsecond. */
export interface Metrics extends HostRecorder {
  /** The gateway answered. */
  httpAnswered(method: string, status: number, seconds: number): void;
  /** From here on every scrape reads the present state too. */
  watch(source: () => MetricsSource): void;
  /** All metrics, in the text format of Prometheus. */
  text(): Promise<string>;
  readonly contentType: string;
}

/** Makes the metrics of one replica. `processMetrics` adds memory, processor time and event-loop lag of the process. */
export function createMetrics(options: { readonly processMetrics: boolean }): Metrics {
  const registry = new Registry();
  if (options.processMetrics) collectDefaultMetrics({ register: registry });
  const samples = new Samples(registry);
  let source: (() => MetricsSource) | undefined;
  return {
    ...spanRecorders(registry),
    ...refusalRecorder(registry),
    watch(watched) {
      source = watched;
    },
    text() {
      if (source !== undefined) samples.take(source());
      return registry.metrics();
    },
    contentType: registry.contentType,
  };
}

type SpanRecorders = Pick<
  Metrics,
  "batchProposed" | "certified" | "combined" | "verified" | "groupSynced" | "httpAnswered"
>;

function spanRecorders(registry: Registry): SpanRecorders {
  const registers = [registry];
  const histogram = (name: string, help: string, buckets: number[]): Histogram =>
    new Histogram({ name, help, buckets, registers });
  const counter = (name: string, help: string): Counter => new Counter({ name, help, registers });
  const batch = histogram("destiny_batch_bytes", "Size of batches proposed here", BATCH_BYTES);
  const certify = histogram("destiny_certify_seconds", "Time to make our own shares, per group", SECONDS);
  const certifyCount = counter("destiny_certified_total", "Own shares made");
  const combine = histogram("destiny_combine_seconds", "Time to combine shares into a certificate", SECONDS);
  const verify = histogram("destiny_verify_seconds", "Time to check a message, queueing included", SECONDS);
  const verifyCount = counter("destiny_verified_total", "Certificates and signatures checked");
  const groupRecords = histogram(
    "destiny_store_group_records",
    "Records made durable together",
    GROUP_RECORDS,
  );
  const sync = histogram("destiny_store_sync_seconds", "Time until a group of records was durable", SECONDS);
  const http = new Histogram({
    name: "destiny_http_seconds",
    help: "Time until the gateway answered",
    labelNames: ["method", "status"],
    buckets: SECONDS,
    registers,
  });
  return {
    batchProposed: (bytes) => batch.observe(bytes),
    certified(count, seconds) {
      certifyCount.inc(count);
      certify.observe(seconds);
    },
    combined: (seconds) => combine.observe(seconds),
    verified(count, seconds) {
      verifyCount.inc(count);
      verify.observe(seconds);
    },
    groupSynced(records, seconds) {
      groupRecords.observe(records);
      sync.observe(seconds);
    },
    httpAnswered: (method, status, seconds) => http.observe({ method, status }, seconds),
  };
}

function refusalRecorder(registry: Registry): Pick<Metrics, "refused"> {
  const options = { name: "destiny_refusals_total", help: "Requests refused", labelNames: ["code"] };
  const refusals = new Counter({ ...options, registers: [registry] });
  return { refused: (code) => refusals.inc({ code: REFUSALS.get(code) ?? "unknown" }) };
}
