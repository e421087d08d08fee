import { checkHistory, describeVerdict } from "@destiny/check/linearizability/check-history";
import type { Action, Operation, Outcome } from "@destiny/check/linearizability/history";
import { expect } from "vitest";

/** Operations as their clients saw them. Times in microseconds of one clock. */
export class History {
  /** Those that are over, whether answered or not. */
  readonly operations: Operation[] = [];

  /** Records one operation from before it is sent until after it is answered. Rejects as `call` does. */
  async record(
    asked: { readonly client: string; readonly key: string; readonly action: Action },
    call: () => Promise<Outcome>,
  ): Promise<void> {
    const invoked = now();
    try {
      const outcome = await call();
      this.operations.push({ ...asked, invoked, returned: now(), outcome });
    } catch (error) {
      this.operations.push({ ...asked, invoked, returned: null, outcome: null });
      throw error;
    }
  }

  /** Expects that one machine could have given all these answers. */
  expectLinearizable(): void {
    expect(describeVerdict(checkHistory(this.operations))).toBe("linearizable");
  }

  /** The longest time in which nothing was answered, between these two moments. In milliseconds. */
  longestSilence(from: number, to: number): number {
    const answers = this.operations.flatMap(({ returned }) => (returned === null ? [] : [returned]));
    const inside = answers.filter((at) => at > from && at < to).sort((a, b) => a - b);
    let longest = 0;
    let last = from;
    for (const at of [...inside, to]) {
      longest = Math.max(longest, at - last);
      last = at;
    }
    return longest / 1_000;
  }
}

/** The clock of all histories. */
export function now(): number {
  return performance.now() * 1_000;
}
