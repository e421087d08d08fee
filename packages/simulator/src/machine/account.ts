import { MessageKind } from "@destiny/core/wire/messages";
import type { Occupancy } from "./processors.ts";

/** What processors are busy with. */
export const Activity = {
  Receive: 0,
  Send: 1,
  Certify: 2,
  Combine: 3,
  Execute: 4,
  Clients: 5,
  Own: 6,
} as const;
export type Activity = (typeof Activity)[keyof typeof Activity];

const KINDS = Math.max(...Object.values(MessageKind)) + 1;

/** What one machine has done so far. Times in micros; counts by {@link MessageKind}, times by {@link Activity}. */
export class Account {
  readonly cpu: Float64Array = new Float64Array(Object.keys(Activity).length);
  readonly sentBytes: Float64Array = new Float64Array(KINDS);
  readonly sentMessages: Float64Array = new Float64Array(KINDS);
  loop: Occupancy = { busy: 0, waited: 0, jobs: 0 };
  workers: Occupancy = { busy: 0, waited: 0, jobs: 0 };
  /** The busiest of them. */
  lane: Occupancy = { busy: 0, waited: 0, jobs: 0 };

  /** What was done since an earlier account. */
  since(earlier: Account): Account {
    const difference = new Account();
    for (const name of ["cpu", "sentBytes", "sentMessages"] as const) {
      this[name].forEach((value, index) => {
        difference[name][index] = value - (earlier[name][index] ?? 0);
      });
    }
    for (const name of ["loop", "workers", "lane"] as const) {
      difference[name] = subtract(this[name], earlier[name]);
    }
    return difference;
  }
}

function subtract(a: Occupancy, b: Occupancy): Occupancy {
  return { busy: a.busy - b.busy, waited: a.waited - b.waited, jobs: a.jobs - b.jobs };
}
