import type { TimerId } from "../../../kernel/ids.ts";
import type { AgreementContext } from "../../agreement.ts";
import { pullPause } from "../pull-pause.ts";

const RESEND_TIMER: TimerId = 2;

/** When to say again what may be lost, while between views or without something that was asked for (hybster.md 6.6). */
export class Resends {
  readonly #context: Pick<AgreementContext, "parameters" | "port">;
  #timing = false;
  #count = 0;

  constructor(context: Pick<AgreementContext, "parameters" | "port">) {
    this.#context = context;
  }

  /** Whether this expiry is its own: say it again. */
  expire(timer: TimerId): boolean {
    if (timer !== RESEND_TIMER) return false;
    this.#timing = false;
    this.#count += 1;
    return true;
  }

  /** Another view: the next pause is short again. */
  restart(): void {
    this.#count = 0;
  }

  /** Whether anything waits that may have to be said again. */
  await(waiting: boolean): void {
    const { port } = this.#context;
    if (waiting && !this.#timing) {
      this.#timing = true;
      port.setTimer(RESEND_TIMER, pullPause(this.#context, this.#count));
    } else if (!waiting && this.#timing) {
      this.#timing = false;
      port.cancelTimer(RESEND_TIMER);
    }
    if (!waiting) this.#count = 0;
  }

  /** There is something new to ask for: not after the pause that what is old has come to. */
  hurry(): void {
    this.#count = 0;
    if (this.#timing) this.#context.port.cancelTimer(RESEND_TIMER);
    this.#timing = false;
    this.await(true);
  }
}
