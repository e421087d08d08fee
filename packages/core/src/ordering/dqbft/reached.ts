import type { Agreement } from "../../agreement/agreement.ts";
import type { InstanceId, SequenceNumber, View } from "../../kernel/ids.ts";

/**
 * How far instances were when they were last looked at, side by side: what peers tell of theirs is compared with this, since in a
 * large cluster each of hundreds tells of hundreds.
 */
export class Reached {
  readonly #decided: Float64Array;
  readonly #views: Float64Array;

  constructor(instances: number) {
    this.#decided = new Float64Array(instances);
    this.#views = new Float64Array(instances);
  }

  note(instance: InstanceId, { decided, standing }: Pick<Agreement, "decided" | "standing">): void {
    this.#decided[instance] = decided;
    this.#views[instance] = standing.view;
  }

  /** Whether this instance had decided all up to this slot. */
  hasDecided(instance: InstanceId, seq: SequenceNumber): boolean {
    return seq <= (this.#decided[instance] ?? 0);
  }

  /** Whether this instance had entered a later view than this one. */
  isPast(instance: InstanceId, view: View): boolean {
    return view < (this.#views[instance] ?? 0);
  }
}
