import type { TimerId } from "../../kernel/ids.ts";
import type { AgreementContext } from "../agreement.ts";

export const VIEW_CHANGE_TIMER: TimerId = 2;
/** The view-change timer doubles up to 2^this. */
const DOUBLINGS_MAX = 10;

/** How long a view change may take before the next view is tried (pbft.md 11, C10). */
export class Patience {
  readonly #context: AgreementContext;
  #running = false;
  /** View changes in a row that took too long. */
  #failures = 0;
  /** Nothing was decided yet in the present view. */
  #untried = false;

  constructor(context: AgreementContext) {
    this.#context = context;
  }

  /** To be called once a quorum is on its way: replicas that run ahead alone would never meet. */
  start(): void {
    if (this.#running) return;
    this.#running = true;
    const { port, parameters } = this.#context;
    port.setTimer(
      VIEW_CHANGE_TIMER,
      parameters.viewChangeDelay * 2 ** Math.min(this.#failures, DOUBLINGS_MAX),
    );
  }

  stop(): void {
    if (this.#running) this.#context.port.cancelTimer(VIEW_CHANGE_TIMER);
    this.#running = false;
  }

  /** It took too long. */
  expired(): void {
    this.#running = false;
    this.#failures += 1;
  }

  entered(): void {
    this.stop();
    this.#untried = true;
  }

  /** The first decision of a view takes half of it back. */
  delivered(): void {
    if (this.#untried) this.#failures = Math.max(0, this.#failures - 1);
    this.#untried = false;
  }
}
