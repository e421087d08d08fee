import type { InstanceId, ReplicaId } from "@destiny/core/kernel/ids";
import { invariant } from "@destiny/core/kernel/invariant";
import {
  type Counter,
  type CounterValue,
  compareCounterValues,
  continuingStatement,
  identityStatement,
  independentStatement,
  type Preamble,
  trustedMacStatement,
  voteStatement,
} from "@destiny/core/wire/statement";
import type { ShareSigner } from "../certificates/scheme.ts";
import { digestOf } from "../hash/sha256.ts";
import { CounterHistory } from "./counter-history.ts";
import type { IdentitySigner } from "./identity-signer.ts";
import {
  type CertifyOutcome,
  type CertifyRequest,
  type CounterEntry,
  isCounted,
  objection,
  type Refusal,
} from "./request.ts";

/** How many certified values per counter can be re-issued, unless told otherwise. */
const HISTORY_SIZE = 512;

/** What makes one trusted subsystem: its name, its reach and its two keys. */
export interface ThreshSignOptions {
  readonly preamble: Preamble;
  readonly replica: ReplicaId;
  readonly bootEpoch: number;
  /** It certifies for the instances 0 to `instances` − 1 and refuses all others. */
  readonly instances: number;
  /** Entries remembered per counter, at least 1; {@link HISTORY_SIZE} if absent. */
  readonly historySize?: number;
  readonly shares: ShareSigner;
  readonly identity: IdentitySigner;
}

/** A request that was decided: refused, or what is left to sign. Nothing was released yet. */
export type Step =
  | { readonly ok: false; readonly refusal: Refusal }
  | {
      readonly ok: true;
      /** The entry that must be durable before anything about it leaves; none if nothing moved. */
      readonly moved?: CounterEntry;
      /** For the share key; independent certificates and votes only. */
      readonly share?: Uint8Array;
      /** For the identity key. */
      readonly identity: Uint8Array;
      readonly old?: CounterValue;
    };

/** All that a trusted subsystem remembers: plain data, oldest entries of each counter first. */
export interface ThreshSignState {
  readonly entries: readonly CounterEntry[];
}

/**
 * The trusted subsystem's state machine (ThreshSign of linear-hybster.md 1, a superset of TrInX): counters and two keys,
 * no input or output. It promises *uniqueness*: it never signs two messages at one value of one counter as independent,
 * because it hashes the message itself and puts the hash, the counter and the value into one statement.
 *
 * **Re-issue.** A request that repeats kind, value and message of one of the last `historySize` entries of its counter
 * gets the same certificate again, bit for bit, a continuing one with its original old value. The spec asks for this
 * at the current value only. Any older value is as sound: it is the same statement under a deterministic signature, so
 * whoever sees it learns nothing that the first answer did not say, and a host may always keep and resend that first
 * answer. It buys a host that has many certificates under way: it may crash before it stored any of them and later ask
 * for all of them again from its intent log, not only for the last. Once forgotten, a value is refused for ever.
 *
 * The share key signs independent statements and votes. Votes have a purpose of their own and no counter: no such share is of use
 * where a counter is asked for.
 */
export class ThreshSign {
  readonly #options: ThreshSignOptions;
  readonly #historySize: number;
  readonly #histories = new Map<number, CounterHistory>();

  constructor(options: ThreshSignOptions) {
    this.#options = options;
    this.#historySize = options.historySize ?? HISTORY_SIZE;
    invariant(
      Number.isInteger(this.#historySize) && this.#historySize >= 1,
      "a history holds at least one entry",
    );
  }

  /** Decides and signs at once; for who keeps no journal. */
  certify(request: CertifyRequest): CertifyOutcome {
    return this.sign(this.step(request));
  }

  /** Decides a request and moves its counter. The answer may leave only when `moved` is durable. */
  step(request: CertifyRequest): Step {
    const refusal = objection(request, this.#options.instances);
    if (refusal !== undefined) return { ok: false, refusal };

    const message = digestOf(request.message);
    const { kind, instance } = request;
    if (kind === "unique") return shareless(this.#count({ ...pick(request), kind: "independent", message }));
    if (isCounted(kind)) return this.#count({ ...pick(request), kind, message });
    if (kind === "trustedMac") {
      return { ok: true, identity: this.#identify(trustedMacStatement(this.#preamble, instance, message)) };
    }
    const share = voteStatement(this.#preamble, instance, message);
    return { ok: true, share, identity: this.#identify(share) };
  }

  /** Signs what {@link step} decided. */
  sign(step: Step): CertifyOutcome {
    return this.#finish(step, step.ok && step.share ? this.#options.shares.signSync(step.share) : undefined);
  }

  /** Signs what {@link step} decided, the shares of all of them together. */
  async signAll(steps: readonly Step[]): Promise<CertifyOutcome[]> {
    const statements = steps.flatMap((step) => (step.ok && step.share ? [step.share] : []));
    if (statements.length < 2) return steps.map((step) => this.sign(step));

    const shares = (await this.#options.shares.sign(statements)).values();
    return steps.map((step) => this.#finish(step, step.ok && step.share ? shares.next().value : undefined));
  }

  /** The counter's value, `[0|0]` if it never moved. */
  current(instance: InstanceId, counter: Counter): CounterValue {
    return this.#history(instance, counter).current;
  }

  /** Everything worth keeping, for the journal and for tests that clone or roll back a subsystem. */
  exportState(): ThreshSignState {
    return { entries: [...this.#histories.values()].flatMap((history) => [...history.entries()]) };
  }

  /** Replaces everything by an exported state. Trusts it: this is the journal's way in, never the host's. */
  importState(state: ThreshSignState): void {
    this.#histories.clear();
    for (const entry of state.entries) this.replay(entry);
  }

  /** Moves a counter as it moved before; throws an `InvariantViolation` if the rules would not have let it. */
  replay(entry: CounterEntry): void {
    const history = this.#history(entry.instance, entry.counter);
    const order = compareCounterValues(entry.value, history.current);
    invariant(order > 0 || (order === 0 && entry.kind === "continuing"), "a counter never moves back");
    history.push(entry);
  }

  get #preamble(): Preamble {
    return this.#options.preamble;
  }

  #count(asked: Omit<CounterEntry, "old">): Step {
    const history = this.#history(asked.instance, asked.counter);
    const known = history.find(asked);
    if (known !== undefined) return this.#signable(known);

    const old = history.current;
    const order = compareCounterValues(asked.value, old);
    if (order < 0 || (order === 0 && asked.kind === "independent")) {
      return { ok: false, refusal: order === 0 || history.used(asked.value) ? "valueUsed" : "valueBehind" };
    }
    const moved: CounterEntry = { ...asked, old };
    history.push(moved);
    return { ...this.#signable(moved), moved };
  }

  #signable(entry: CounterEntry): Step & { readonly ok: true } {
    if (entry.kind === "independent") {
      const share = independentStatement(this.#preamble, entry, entry.message);
      return { ok: true, share, identity: this.#identify(share) };
    }
    const statement = continuingStatement(this.#preamble, entry, entry.message);
    return { ok: true, identity: this.#identify(statement), old: entry.old };
  }

  #identify(statement: Uint8Array): Uint8Array {
    return identityStatement(this.#preamble, this.#options, statement);
  }

  #finish(step: Step, share: Uint8Array | undefined): CertifyOutcome {
    if (!step.ok) return step;
    const certificate = this.#options.identity.sign(step.identity);
    return {
      ok: true,
      certificate,
      ...(share !== undefined && { share }),
      ...(step.old !== undefined && { old: step.old }),
    };
  }

  #history(instance: InstanceId, counter: Counter): CounterHistory {
    const key = instance * 2 + counter;
    let history = this.#histories.get(key);
    if (history === undefined) {
      history = new CounterHistory(this.#historySize);
      this.#histories.set(key, history);
    }
    return history;
  }
}

/** The same step, without the share that nobody asked for. */
function shareless(step: Step): Step {
  if (!step.ok) return step;
  const { share, ...rest } = step;
  return rest;
}

function pick(request: CertifyRequest): Pick<CounterEntry, "instance" | "counter" | "value"> {
  const { view, seq } = request.value; // A copy: the host may change its own while we wait for the disk.
  return { instance: request.instance, counter: request.counter, value: { view, seq } };
}
