import type { Digest, InstanceId, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { type Message, MessageKind } from "@destiny/core/wire/messages";
import type { Parcel } from "@destiny/simulator/network/network";
import type { Observer } from "../stage/observer.ts";
import { hex } from "./text.ts";
import { demand } from "./violation.ts";

/** What a NewView of either family says, as far as the oracle reads it. */
interface Opening extends Message {
  readonly view: View;
  readonly digest?: Digest;
  readonly anchor: { readonly part: Uint8Array } | null;
  /** Linear Hybster. */
  readonly prepares?: readonly { readonly seq: SequenceNumber; readonly digest: Digest }[];
  /** PBFT. */
  readonly selections?: readonly { readonly seq: SequenceNumber; readonly digest: Digest }[];
}

export interface NewViewsOptions {
  readonly n: number;
  readonly faulty: ReadonlySet<ReplicaId>;
  readonly partitioned: () => boolean;
  /** Slots of an instance that have a quorum behind a value: in which view first, and which value. */
  readonly certified: (
    instance: InstanceId,
  ) => Iterable<{ readonly seq: SequenceNumber; readonly view: View; readonly digest: Digest }>;
}

/**
 * S8: a view that a correct replica opens, passes on or vouches for proposes again every value that had a quorum behind it in
 * an earlier view, but for those that its checkpoint covers.
 */
export class NewViews implements Observer {
  readonly #options: NewViewsOptions;
  /** Openings that were seen, by their digest: who vouches for one names it by that. */
  readonly #openings = new Map<Digest, Opening>();
  readonly #checked = new WeakSet<Opening>();

  constructor(options: NewViewsOptions) {
    this.#options = options;
  }

  sent({ from, to, instance, content }: Parcel): void {
    const { n, faulty } = this.#options;
    if (from >= n || to >= n) return;
    const message = content as Message;
    if (message.kind === MessageKind.NewView || message.kind === MessageKind.PbftNewView) {
      const opening = message as Opening;
      if (opening.digest !== undefined) this.#openings.set(opening.digest, opening);
      if (!faulty.has(from)) this.#check(instance, opening);
    }
    if (message.kind !== MessageKind.NewViewAck || faulty.has(from)) return;
    const opening = this.#openings.get((message as Opening).digest ?? "");
    if (opening !== undefined) this.#check(instance, opening);
  }

  #check(instance: InstanceId, opening: Opening): void {
    if (this.#checked.has(opening)) return;
    this.#checked.add(opening);
    const proposed = new Map(
      (opening.prepares ?? opening.selections ?? []).map(({ seq, digest }) => [seq, digest]),
    );
    const low = this.#lowOf(instance, opening);
    for (const { seq, view, digest } of this.#options.certified(instance)) {
      if (seq <= low || view >= opening.view) continue;
      demand(
        proposed.get(seq) === digest,
        "S8 new-view completeness",
        () =>
          `view ${opening.view} of instance ${instance} opens without slot ${seq} = ${hex(digest)}, certified in view ${view}`,
      );
    }
  }

  /** How far the instance is in the opening's checkpoint: the part says it, read by hand (dqbft.md 5). */
  #lowOf(instance: InstanceId, { anchor }: Opening): SequenceNumber {
    if (anchor === null) return 0;
    const { part } = anchor;
    const view = new DataView(part.buffer, part.byteOffset, part.length);
    const isOrder = !this.#options.partitioned() || instance === this.#options.n;
    const at = isOrder ? 0 : 10 + instance * 6;
    return view.getUint32(at, true) + view.getUint16(at + 4, true) * 0x1_0000_0000;
  }
}
