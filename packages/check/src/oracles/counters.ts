import type { Effect } from "@destiny/core/effects/effects";
import type { InstanceId, ReplicaId, SequenceNumber } from "@destiny/core/kernel/ids";
import { type Claim, type CountedClaim, isCounted } from "@destiny/core/wire/claim";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Signed } from "@destiny/simulator/trust/trust";
import type { Observer } from "../stage/observer.ts";
import { demand, Violation } from "./violation.ts";
import { readSlotMessage } from "./vote-ledger.ts";

export interface CountersOptions {
  readonly faulty: ReadonlySet<ReplicaId>;
  /** Digests of the proposals for a slot that are durable at a replica; null if a checkpoint covers the slot there. */
  readonly durable: (
    replica: ReplicaId,
    instance: InstanceId,
    seq: SequenceNumber,
  ) => readonly string[] | null;
}

interface Value {
  readonly view: number;
  readonly seq: number;
}

/**
 * S9: a trusted counter speaks once per value, and its continuing certificates leave no gap, whoever owns it; and a correct
 * replica has a slot's certificate made only when the proposal that it is about is durable.
 */
export class Counters implements Observer {
  readonly #options: CountersOptions;
  /** What was certified at each value. */
  readonly #spoken = new Map<string, Set<string>>();
  /** The highest value of each counter. */
  readonly #last = new Map<string, Value>();

  constructor(options: CountersOptions) {
    this.#options = options;
  }

  signed({ replica, bootEpoch, claim, result }: Signed): void {
    const place = placeOf(claim);
    if (place === null) return;
    const { counter, value, message, continuing } = place;
    const { old } = result;
    // Continuing certificates may share a value, each of them naming the one before.
    const said = continuing ? `after [${old?.view}|${old?.seq}]: ${message}` : message;
    const key = `${replica} ${bootEpoch} ${counter} ${value.view} ${value.seq}`;
    const spoken = this.#spoken.get(key) ?? new Set();
    this.#spoken.set(key, spoken);
    if (spoken.has(said)) return;
    demandOf(
      replica,
      continuing || spoken.size === 0,
      () => `counter ${counter} certified two messages at [${value.view}|${value.seq}]`,
    );
    spoken.add(said);
    // Each identity of a replica has counters of its own.
    this.#moveOn(replica, { ...place, counter: `${bootEpoch} ${counter}` }, old);
  }

  left(replica: ReplicaId, effect: Effect): void {
    if (effect.type !== "certify" || this.#options.faulty.has(replica)) return;
    const { claim } = effect;
    if (claim.type !== "slot" && claim.type !== "unique") return;
    const ballot = readSlotMessage(claim.instance, claim.message);
    if (ballot === null) return;
    const durable = this.#options.durable(replica, ballot.instance, ballot.seq);
    demand(
      durable === null || durable.includes(ballot.digest),
      "S9 trusted counter",
      () =>
        `replica ${replica} certifies slot ${ballot.seq} of instance ${ballot.instance} before it is durable`,
    );
  }

  /** A value that was not used before lies above all that were; a continuing certificate names the one before it. */
  #moveOn(replica: ReplicaId, { counter, value, continuing }: Place, old: Value | undefined): void {
    const key = `${replica} ${counter}`;
    const last = this.#last.get(key) ?? { view: 0, seq: 0 };
    this.#last.set(key, value);
    const order = value.view - last.view || value.seq - last.seq;
    demandOf(
      replica,
      order > 0 || (order === 0 && continuing),
      () => `counter ${counter} went back to [${value.view}|${value.seq}]`,
    );
    demandOf(
      replica,
      !continuing || (old?.view === last.view && old.seq === last.seq),
      () => `counter ${counter} hides what lies below [${value.view}|${value.seq}]`,
    );
  }
}

/** Demands what trusted subsystems promise, whoever owns them. */
function demandOf(replica: ReplicaId, condition: boolean, what: () => string): void {
  if (!condition) throw new Violation("S9 trusted counter", `replica ${replica}'s ${what()}`, replica);
}

interface Place {
  readonly counter: string;
  readonly value: Value;
  readonly message: string;
  readonly continuing: boolean;
}

/** Null for what no counter certifies. */
function placeOf(claim: Claim): Place | null {
  if (!isCounted(claim)) return null;
  return { ...counterOf(claim), message: digestOf(claim.message), continuing: claim.type === "succession" };
}

function counterOf(claim: CountedClaim): Pick<Place, "counter" | "value"> {
  if (claim.type === "opening") {
    return { counter: `${claim.instance} opening`, value: { view: claim.view, seq: 1 } };
  }
  return { counter: `${claim.instance} order`, value: claim.value };
}
