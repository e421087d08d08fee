import type { CertifyOutcome, CertifyRequest, CounterEntry } from "./request.ts";
import { SignerUnavailable } from "./subsystem.ts";
import type { Step, ThreshSign } from "./threshsign.ts";

/** Most requests that wait for the same write to the disk: bounds how long the first of them waits for the last. */
const GROUP_MAX = 256;

/** What makes entries durable: a `Journal`. */
export interface DurableEntries {
  commit(entries: readonly CounterEntry[]): Promise<void>;
  close(): void;
}

interface Call {
  readonly requests: readonly CertifyRequest[];
  readonly resolve: (outcomes: readonly CertifyOutcome[]) => void;
  readonly reject: (reason: SignerUnavailable) => void;
}

/**
 * A state machine with its journal: all calls that wait at one moment become one group, which is signed while the disk
 * makes it durable and released when both are done. A group starts when the one before has ended, so that order is
 * kept and only the last group of a journal can ever be incomplete.
 */
export class SigningService {
  readonly #machine: ThreshSign;
  readonly #journal: DurableEntries;
  readonly #waiting: Call[] = [];
  #running: Promise<void> | undefined;
  #failure: SignerUnavailable | undefined;
  readonly #onFailure: (cause: unknown) => void;

  /** `onFailure` hears of the first thing that went wrong; from then on every call is rejected. */
  constructor(machine: ThreshSign, journal: DurableEntries, onFailure: (cause: unknown) => void) {
    this.#machine = machine;
    this.#journal = journal;
    this.#onFailure = onFailure;
  }

  /** Certifies in order; rejects with {@link SignerUnavailable} once the disk or a signature has failed. */
  certify(requests: readonly CertifyRequest[]): Promise<readonly CertifyOutcome[]> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting.push({ requests, resolve, reject });
      this.#running ??= this.#run();
    });
  }

  /** Ends after the calls that wait now; later ones are rejected. */
  async close(): Promise<void> {
    while (this.#running !== undefined) await this.#running;
    this.#failure ??= new SignerUnavailable("the signer is closed");
    this.#journal.close();
  }

  async #run(): Promise<void> {
    await Promise.resolve(); // Whoever else calls in this tick joins the group.
    while (this.#waiting.length > 0) {
      const group = this.#nextGroup();
      try {
        await this.#serve(group);
      } catch (cause) {
        this.#fail(cause, group);
      }
    }
    this.#running = undefined;
  }

  #nextGroup(): Call[] {
    let requests = 0;
    let calls = 0;
    for (const call of this.#waiting) {
      requests += call.requests.length;
      if (calls > 0 && requests > GROUP_MAX) break;
      calls += 1;
    }
    return this.#waiting.splice(0, calls);
  }

  async #serve(group: readonly Call[]): Promise<void> {
    const steps = group.flatMap((call) => call.requests.map((request) => this.#machine.step(request)));
    const durable = this.#journal.commit(movedBy(steps));
    // The disk works in a thread of its own while this one signs.
    const [outcomes] = await Promise.all([this.#machine.signAll(steps), durable]);
    let at = 0;
    for (const call of group) {
      call.resolve(outcomes.slice(at, at + call.requests.length));
      at += call.requests.length;
    }
  }

  #fail(cause: unknown, group: readonly Call[]): void {
    const failure = new SignerUnavailable("the signer failed and cannot go on", { cause });
    this.#failure = failure;
    for (const call of [...group, ...this.#waiting.splice(0)]) call.reject(failure);
    this.#onFailure(cause);
  }
}

function movedBy(steps: readonly Step[]): CounterEntry[] {
  return steps.flatMap((step) => (step.ok && step.moved !== undefined ? [step.moved] : []));
}
