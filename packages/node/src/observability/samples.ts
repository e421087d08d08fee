import type { InstanceStatus } from "@destiny/core/ordering/orderer";
import type { ReplicaStatus } from "@destiny/core/replica/replica";
import { Counter, Gauge, type Registry } from "prom-client";
import type { ClientServerStatistics } from "../clients/options.ts";
import type { PeerStatistics } from "../mesh/options.ts";
import type { StoreStatistics } from "../store/store.ts";

/** The state that a scrape looks at. Nothing here is asked between scrapes. */
export interface MetricsSource {
  readonly replica: () => ReplicaStatus;
  readonly mesh: () => readonly PeerStatistics[];
  readonly store: () => StoreStatistics;
  readonly clients: () => ClientServerStatistics;
}

/** A metric that is read off the state: its name without prefix, what it says, and how to read it. */
type Reading<T> = readonly [name: string, help: string, read: (state: T) => number];

const REPLICA: readonly Reading<ReplicaStatus>[] = [
  ["executed_slots", "Last slot of the global order that is executed", (replica) => replica.executed],
  ["commands_total", "Commands executed since the start", (replica) => replica.commands],
  ["stable_checkpoint", "Slot of the newest stable checkpoint", (replica) => replica.stable],
  ["taken_checkpoint", "Slot of the newest checkpoint taken here", (replica) => replica.checkpoint.seq],
  ["lag_slots", "Slots by which we are behind what any peer has spoken of", (replica) => replica.lag],
  ["clients", "Clients that have executed anything", (replica) => replica.clients],
  ["queued_bytes", "Bytes of requests that wait to be proposed", (replica) => replica.queuedBytes],
];

const INSTANCE: readonly Reading<InstanceStatus>[] = [
  ["instance_decided", "Every slot up to this one is decided here", ({ decided }) => decided],
  ["instance_known", "Highest slot that was heard of", ({ known }) => known],
  ["instance_low", "Low watermark", ({ low }) => low],
  ["instance_view", "View", ({ view }) => view],
  ["instance_primary", "Primary of the view", ({ primary }) => primary],
];

const PEER: readonly Reading<PeerStatistics>[] = [
  ["mesh_linked", "1 if there is a live link", ({ linked }) => (linked ? 1 : 0)],
  ["mesh_links_total", "Links that came up", ({ links }) => links],
  ["mesh_received_bytes_total", "Bytes from the peer", ({ bytesIn }) => bytesIn],
  ["mesh_sent_bytes_total", "Bytes to the peer", ({ bytesOut }) => bytesOut],
  ["mesh_received_frames_total", "Frames from the peer", ({ framesIn }) => framesIn],
  ["mesh_sent_frames_total", "Frames to the peer", ({ framesOut }) => framesOut],
  [
    "mesh_dropped_frames_total",
    "Frames dropped: no link, or a full queue",
    ({ framesDropped }) => framesDropped,
  ],
];

const STORE: readonly Reading<StoreStatistics>[] = [
  ["store_live_records", "Records that no stable checkpoint stands for", (store) => store.liveRecords],
  ["store_history_bytes", "Bytes kept for replicas that are behind", (store) => store.historyBytes],
  ["store_pending_bytes", "Bytes that are not durable yet", (store) => store.pendingBytes],
  ["store_file_bytes", "Size of the file", (store) => store.fileBytes],
  ["store_groups_total", "Groups made durable", (store) => store.groups],
];

const CLIENTS: readonly Reading<ClientServerStatistics>[] = [
  ["client_connections", "Connections of clients", (clients) => clients.connections],
  ["client_names", "Clients with a connection", (clients) => clients.clients],
  ["client_accepted_total", "Connections accepted", (clients) => clients.accepted],
  ["client_under_way_bytes", "Bytes of requests that are being checked", (clients) => clients.underWayBytes],
  ["client_received_bytes_total", "Bytes from clients", (clients) => clients.bytesIn],
  ["client_sent_bytes_total", "Bytes to clients", (clients) => clients.bytesOut],
  ["client_received_frames_total", "Messages from clients", (clients) => clients.framesIn],
  ["client_sent_frames_total", "Messages to clients", (clients) => clients.framesOut],
];

/** Takes the metrics that are state, not events, when somebody looks. */
export class Samples {
  readonly #registry: Registry;
  readonly #takers: readonly ((source: MetricsSource) => void)[];

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#takers = [
      this.#plain(REPLICA, (source) => source.replica()),
      this.#plain(STORE, (source) => source.store()),
      this.#plain(CLIENTS, (source) => source.clients()),
      this.#labelled(
        "instance",
        INSTANCE,
        ({ instance }) => instance,
        (source) => source.replica().instances,
      ),
      this.#labelled(
        "peer",
        PEER,
        ({ peer }) => peer,
        (source) => source.mesh(),
      ),
    ];
  }

  take(source: MetricsSource): void {
    for (const taker of this.#takers) taker(source);
  }

  #plain<T>(
    readings: readonly Reading<T>[],
    read: (source: MetricsSource) => T,
  ): (source: MetricsSource) => void {
    const metrics = readings.map((reading) => this.#metric(reading, []));
    return (source) => {
      const state = read(source);
      for (const [i, [, , value]] of readings.entries()) metrics[i]?.({}, value(state));
    };
  }

  #labelled<T>(
    label: string,
    readings: readonly Reading<T>[],
    name: (state: T) => number,
    read: (source: MetricsSource) => readonly T[],
  ): (source: MetricsSource) => void {
    const metrics = readings.map((reading) => this.#metric(reading, [label]));
    return (source) => {
      for (const state of read(source)) {
        const labels = { [label]: name(state) };
        for (const [i, [, , value]] of readings.entries()) metrics[i]?.(labels, value(state));
      }
    };
  }

  /** A total is a counter to those who read it, even if it is kept elsewhere. */
  #metric(
    [suffix, help]: Reading<never>,
    labelNames: string[],
  ): (labels: Record<string, number>, value: number) => void {
    const options = { name: `destiny_${suffix}`, help, labelNames, registers: [this.#registry] };
    if (!suffix.endsWith("_total")) {
      const gauge = new Gauge(options);
      return (labels, value) => gauge.set(labels, value);
    }
    const counter = new Counter(options);
    return (labels, value) => {
      counter.remove(labels);
      counter.inc(labels, value);
    };
  }
}
