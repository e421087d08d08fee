import type { InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { type Message, MessageKind } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Observer } from "../stage/observer.ts";
import { demand } from "./violation.ts";

/** What the oracle reads of a replica. */
export interface Position {
  readonly executed: SequenceNumber;
  readonly instances: readonly {
    readonly instance: InstanceId;
    readonly view: View;
    readonly low: SequenceNumber;
  }[];
}

export interface ViewsOptions {
  readonly n: number;
  readonly faulty: ReadonlySet<ReplicaId>;
  readonly position: (replica: ReplicaId) => Position;
}

/**
 * What only a replica that is in a view may send for the first time. Votes of trusted counters are not among them: that none
 * is given after leaving is the counters' own promise, and an old one may be shown at any time.
 */
const VOTES: readonly MessageKind[] = [
  MessageKind.PbftPrepare,
  MessageKind.PbftCommit,
  MessageKind.SbftShare,
  MessageKind.SbftCommitShare,
];

type Traits = Message & {
  readonly view?: View;
  readonly to?: View;
  readonly seq?: SequenceNumber;
  readonly digest?: string;
  readonly sender?: ReplicaId;
};

interface Known {
  executed: SequenceNumber;
  readonly views: View[];
  readonly lows: SequenceNumber[];
  /** By instance: the view that it told others it left for. Survives crashes: others know. */
  readonly leftFor: Map<InstanceId, View>;
}

/** S7: views, watermarks and execution never go back, and who has left a view votes in it no more, not even after a restart. */
export class Views implements Observer {
  readonly #options: ViewsOptions;
  readonly #known = new Map<ReplicaId, Known>();
  readonly #entered = new Set<string>();
  /** Votes sent so far: an old one may be sent again. */
  readonly #votes = new Set<string>();

  constructor(options: ViewsOptions) {
    this.#options = options;
  }

  /** Views above 0 that a correct replica came to, counted once per instance. */
  get changes(): number {
    return this.#entered.size;
  }

  started(replica: ReplicaId): void {
    const leftFor = this.#known.get(replica)?.leftFor ?? new Map<InstanceId, View>();
    this.#known.set(replica, { executed: 0, views: [], lows: [], leftFor });
  }

  /** What was on its disk, it knows no more; its new subsystem has promised nothing. */
  wiped(replica: ReplicaId): void {
    this.#known.delete(replica);
  }

  stepped(replica: ReplicaId): void {
    const known = this.#known.get(replica);
    if (known === undefined || this.#options.faulty.has(replica)) return;
    const { executed, instances } = this.#options.position(replica);
    this.#demand(replica, executed >= known.executed, () => `executed ${executed} after ${known.executed}`);
    known.executed = executed;
    for (const { instance, view, low } of instances) {
      const views = known.views[instance] ?? known.leftFor.get(instance) ?? 0;
      const lows = known.lows[instance] ?? 0;
      this.#demand(replica, view >= views, () => `is in view ${view} of instance ${instance} after ${views}`);
      this.#demand(replica, low >= lows, () => `has watermark ${low} of instance ${instance} after ${lows}`);
      known.views[instance] = view;
      known.lows[instance] = low;
      if (view > 0) this.#entered.add(`${instance} ${view}`);
    }
  }

  sent({ from, to, instance, content }: Parcel): void {
    const { n, faulty } = this.#options;
    const known = this.#known.get(from);
    if (to >= n || known === undefined || faulty.has(from)) return;
    const message = content as Traits;
    if (message.sender === from) this.#onViewChange(known, instance, message);
    const { kind, view, seq, digest } = message;
    if (view === undefined || !VOTES.includes(kind)) return;
    const vote = `${from} ${instance} ${kind} ${view} ${seq} ${digest}`;
    const left = known.leftFor.get(instance) ?? 0;
    this.#demand(
      from,
      view >= left || this.#votes.has(vote),
      () => `votes in view ${view} of instance ${instance} after leaving for ${left}`,
    );
    this.#votes.add(vote);
  }

  #onViewChange({ leftFor }: Known, instance: InstanceId, { kind, view, to }: Traits): void {
    const named = kind === MessageKind.PbftViewChange || kind === MessageKind.SbftViewChange;
    const target = kind === MessageKind.ViewChange ? to : named ? view : undefined;
    if (target !== undefined) leftFor.set(instance, Math.max(target, leftFor.get(instance) ?? 0));
  }

  #demand(replica: ReplicaId, condition: boolean, what: () => string): void {
    demand(condition, "S7 view monotonicity", () => `replica ${replica} ${what()}`);
  }
}
