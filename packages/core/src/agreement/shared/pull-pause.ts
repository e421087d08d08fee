import type { Micros } from "../../kernel/ids.ts";
import type { AgreementContext } from "../agreement.ts";

/** The pause doubles up to 2^this. */
const DOUBLINGS_MAX = 4;

/** How long to wait before asking again: the pull delay, doubled for each time in a row that nothing came of it, up to a bound. */
export function pullPause({ parameters }: Pick<AgreementContext, "parameters">, fruitless: number): Micros {
  return parameters.pullDelay * 2 ** Math.min(fruitless, DOUBLINGS_MAX);
}
