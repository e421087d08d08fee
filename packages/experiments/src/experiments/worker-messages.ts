import type { Outcome } from "../run/outcome.ts";
import type { Scenario } from "../run/scenario.ts";

/** What a process that runs scenarios is sent: one, and the next after its outcome. */
export interface ToWorker {
  readonly scenario: Scenario;
}

/** What it answers. */
export type FromWorker =
  | { readonly type: "progress" /** Of the run's virtual time, 0 to 1. */; readonly share: number }
  | { readonly type: "outcome"; readonly outcome: Outcome }
  | { readonly type: "failed"; readonly message: string };
