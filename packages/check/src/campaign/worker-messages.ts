import type { Finding } from "../run/run.ts";
import type { NamedSubject } from "./subject.ts";

/** What the parent asks a worker for: one seed at a time. */
export interface ToWorker extends NamedSubject {
  readonly seed: number;
}

/** A seed that was played. */
export interface FromWorker {
  readonly seed: number;
  readonly finding: Finding | null;
  readonly counts: Record<string, number>;
  readonly faults: Record<string, number>;
  readonly traceHash: string;
  readonly millis: number;
}
