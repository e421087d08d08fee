import type { TimerId } from "../../kernel/ids.ts";
import type { AgreementContext } from "../agreement.ts";

const RESEND_TIMER: TimerId = 2;
const VIEW_CHANGE_TIMER: TimerId = 3;
/** Resending slows down to 2^this pull delays. */
const BACKOFF_MAX = 4;
/** The time for a view change doubles so often, and once more for every round of primaries that failed (dqbft.md 8). */
const DOUBLINGS_MAX = 6;

/** The two timers of view changes (hybster.md 6.6): how long one may take, and when to say again what may be lost. */
export class Patience {
  readonly #context: AgreementContext;
  /** Doublings of the time that a view change may take. */
  #failures = 0;
  /** A view was entered, and nothing was decided in it yet. */
  #fresh = false;
  #timing = false;
  #resending = false;
  #resends = 0;

  constructor(context: AgreementContext) {
    this.#context = context;
  }

  /** Which of the two has expired; null if it is none of them. */
  expire(timer: TimerId): "resend" | "overdue" | null {
    if (timer === RESEND_TIMER) {
      this.#resending = false;
      this.#resends += 1;
      return "resend";
    }
    if (timer !== VIEW_CHANGE_TIMER) return null;
    this.#timing = false;
    return "overdue";
  }

  /** f + 1 have left, and the new primary must come up with a NewView: the time begins, unless it runs. */
  time(): void {
    if (this.#timing) return;
    this.#timing = true;
    const { faults, parameters, port } = this.#context;
    const doublings = DOUBLINGS_MAX + Math.floor(this.#failures / faults.n);
    port.setTimer(VIEW_CHANGE_TIMER, parameters.viewChangeDelay * 2 ** Math.min(this.#failures, doublings));
  }

  /** Another view: what ran for the one before ends. */
  restart(): void {
    if (this.#timing) this.#context.port.cancelTimer(VIEW_CHANGE_TIMER);
    this.#timing = false;
    this.#resends = 0;
  }

  /** Whether anything waits that may have to be said again. */
  await(waiting: boolean): void {
    const { parameters, port } = this.#context;
    if (waiting && !this.#resending) {
      this.#resending = true;
      port.setTimer(RESEND_TIMER, parameters.pullDelay * 2 ** Math.min(this.#resends, BACKOFF_MAX));
    } else if (!waiting && this.#resending) {
      this.#resending = false;
      port.cancelTimer(RESEND_TIMER);
    }
    if (!waiting) this.#resends = 0;
  }

  /** There is something new to ask for: not after the pause that what is old has come to. */
  hurry(): void {
    this.#resends = 0;
    if (this.#resending) this.#context.port.cancelTimer(RESEND_TIMER);
    this.#resending = false;
    this.await(true);
  }

  /** A view was not opened in time. */
  failed(): void {
    this.#failures += 1;
  }

  entered(): void {
    this.#fresh = true;
    this.restart();
  }

  /** The first decision of a view halves the time again (dqbft.md 1, C10). */
  decided(): void {
    if (this.#fresh) this.#failures = Math.max(0, this.#failures - 1);
    this.#fresh = false;
  }
}
