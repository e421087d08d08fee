import { multiplierAfter } from "../../kernel/doublings.ts";
import type { TimerId } from "../../kernel/ids.ts";
import { CHAIN_MAX } from "../../wire/view-change.ts";
import type { AgreementContext } from "../agreement.ts";

/**
 * The time grows at least this often. Deviation: dqbft.md 8 has it double per round of all primaries, which at hundreds of
 * replicas is so rare that the steps of a counter, of which there is room for {@link CHAIN_MAX}, would be spent within days.
 */
const ROUND_MAX: number = CHAIN_MAX / 16;

/** How long a view change may take before the next view is tried (hybster.md 6.6, pbft.md 11; dqbft.md 1, C10). */
export class ViewChangeTimer {
  readonly #context: Pick<AgreementContext, "faults" | "parameters" | "port">;
  readonly #timer: TimerId;
  /** View changes that took too long, and were not made up for. */
  #failures = 0;
  /** A view was entered, and nothing was decided in it yet. */
  #fresh = false;
  #running = false;

  constructor(context: Pick<AgreementContext, "faults" | "parameters" | "port">, timer: TimerId) {
    this.#context = context;
    this.#timer = timer;
  }

  /** Enough others are on their way too: the time begins, unless it runs. Replicas that run ahead alone would never meet. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    const { faults, parameters, port } = this.#context;
    const round = Math.min(faults.n, ROUND_MAX);
    port.setTimer(this.#timer, parameters.viewChangeDelay * multiplierAfter(this.#failures, round));
  }

  stop(): void {
    if (this.#running) this.#context.port.cancelTimer(this.#timer);
    this.#running = false;
  }

  /** Whether this expiry is its own: the view was not opened in time. */
  expire(timer: TimerId): boolean {
    if (timer !== this.#timer) return false;
    this.#running = false;
    return true;
  }

  /** The view that was tried is given up. */
  failed(): void {
    this.#failures += 1;
  }

  entered(): void {
    this.#fresh = true;
    this.stop();
  }

  /** The first decision of a view halves the time again (C10). */
  decided(): void {
    if (this.#fresh) this.#failures = Math.max(0, this.#failures - 1);
    this.#fresh = false;
  }
}
