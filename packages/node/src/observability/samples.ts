import type { InstanceStatus } from "@destiny/core/ordering/orderer";
import type { ReplicaStatus } from "@destiny/core/replica/replica";
import { Counter, Gauge, type Registry } from "prom-client";
import type { ClientServerStatistics } from "../clients/options.ts";
import type { NodeStatus } from "../host/types.ts";
import type { PeerStatistics } from "../mesh/options.ts";
import type { StoreStatistics } from "../store/store.ts";

/** The state that a scrape looks at. */
export type MetricsSource = Pick<
  NodeStatus,
  "core" | "peers" | "store" | "clients" | "held" | "misbehaviour"
>;

/** A metric that is read off the state: its name without prefix, what it says, and how to read it. */
type Reading<T> = readonly [name: string, help: string, read: (state: T) => number];

const REPLICA: readonly Reading<ReplicaStatus>[] = [
  ["executed_slots", "Last slot of the global order that is executed", (replica) => replica.executed],
  ["commands_total", "Commands executed since the start", (replica) => replica.commands],
  ["stable_checkpoint", "Slot of the newest stable checkpoint", (replica) => replica.stable],
  ["taken_checkpoint", "Slot of the newest checkpoint taken here", (replica) => replica.checkpoint.seq],
  ["lag_slots", "Slots by which we are behind what any peer has spoken of", (replica) => replica.lag],
  ["transfer_pages", "Pages of state to fetch from peers", ({ transfer }) => transfer?.pages ?? 0],
  ["transfer_done_pages", "Of those, pages that have come", ({ transfer }) => transfer?.pagesDone ?? 0],
  ["state_transfers_total", "States that came whole from peers", ({ transfers }) => transfers],
  ["clients", "Clients that have executed anything", (replica) => replica.clients],
  ["queued_bytes", "Bytes of requests that wait to be proposed", (replica) => replica.queuedBytes],
];

const INSTANCE: readonly Reading<InstanceStatus>[] = [
  ["instance_decided", "Every slot up to this one is decided here", ({ decided }) => decided],
  ["instance_known", "Highest slot that was heard of", ({ known }) => known],
  ["instance_low", "Low watermark", ({ low }) => low],
  ["instance_view", "View", ({ view }) => view],
  ["instance_primary", "Primary of the view", ({ primary }) => primary],
  ["instance_active", "1 if it is in the view, 0 while it changes views", ({ active }) => (active ? 1 : 0)],
  [
    "instance_probation_slots",
    "Slots of probation that are left",
    ({ decided, probation }) => Math.max(0, probation - decided),
  ],
  [
    "instance_complainers",
    "Replicas whose complaints about the view are live",
    ({ complainers }) => complainers.length,
  ],
  ["view_changes_total", "Views entered since the start", ({ viewChanges }) => viewChanges],
  [
    "reinstatements_total",
    "Of those, views of the replica at home in the instance",
    ({ reinstatements }) => reinstatements,
  ],
  ["complaints_total", "Views that this replica complained about", ({ complaints }) => complaints],
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

const HOST: readonly Reading<MetricsSource>[] = [
  ["held_effects", "What waits for the disk before it may leave", ({ held }) => held],
];

const REFUSED: readonly Reading<Refused>[] = [
  ["refused_input_total", "Input of peers and clients that was refused", ({ count }) => count],
];

/** What was refused of one peer, `-` if nothing authenticated it, for one reason. */
interface Refused {
  readonly peer: string;
  readonly reason: string;
  readonly count: number;
}

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

type Labels = Readonly<Record<string, string | number>>;

/** Metrics that are read off the same kind of state, once per place where there is one. */
interface Family<T> {
  readonly readings: readonly Reading<T>[];
  readonly labelNames: readonly string[];
  readonly labels: (state: T) => Labels;
  readonly states: (source: MetricsSource) => readonly T[];
}

/** Takes the metrics that are state, not events, when somebody looks. */
export class Samples {
  readonly #registry: Registry;
  readonly #takers: readonly ((source: MetricsSource) => void)[];

  constructor(registry: Registry) {
    this.#registry = registry;
    this.#takers = [
      this.#taker(single(REPLICA, ({ core }) => core)),
      this.#taker(single(STORE, ({ store }) => store)),
      this.#taker(single(CLIENTS, ({ clients }) => clients)),
      this.#taker(single(HOST, (source) => source)),
      this.#taker({
        readings: INSTANCE,
        labelNames: ["instance"],
        labels: ({ instance }) => ({ instance }),
        states: ({ core }) => core.instances,
      }),
      this.#taker({
        readings: PEER,
        labelNames: ["peer"],
        labels: ({ peer }) => ({ peer }),
        states: ({ peers }) => peers,
      }),
      this.#taker({
        readings: REFUSED,
        labelNames: ["peer", "reason"],
        labels: ({ peer, reason }) => ({ peer, reason }),
        states: ({ misbehaviour }) => refusedOf(misbehaviour),
      }),
    ];
  }

  take(source: MetricsSource): void {
    for (const taker of this.#takers) taker(source);
  }

  #taker<T>({ readings, labelNames, labels, states }: Family<T>): (source: MetricsSource) => void {
    const setters = readings.map((reading) => ({ read: reading[2], set: this.#setter(reading, labelNames) }));
    return (source) => {
      for (const state of states(source)) {
        const where = labels(state);
        for (const { read, set } of setters) set(where, read(state));
      }
    };
  }

  /** A total is a counter to those who read it, even if it is kept elsewhere. */
  #setter(
    [suffix, help]: Reading<never>,
    labelNames: readonly string[],
  ): (labels: Labels, value: number) => void {
    const options = {
      name: `destiny_${suffix}`,
      help,
      labelNames: [...labelNames],
      registers: [this.#registry],
    };
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

function single<T>(readings: readonly Reading<T>[], read: (source: MetricsSource) => T): Family<T> {
  return { readings, labelNames: [], labels: () => ({}), states: (source) => [read(source)] };
}

function refusedOf(misbehaviour: ReadonlyMap<string, number>): Refused[] {
  return [...misbehaviour].map(([name, count]) => {
    const [peer = "-", reason = ""] = name.split(" ");
    return { peer, reason, count };
  });
}
