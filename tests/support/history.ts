/** What a client asked of one key. Every value that is put is put once. */
export type Asked =
  | { readonly type: "put"; readonly key: string; readonly value: string }
  | { readonly type: "get" | "delete"; readonly key: string };

/** What it was told: the value, null if there was none; after a put or delete, whether there had been one. */
export type Told = string | boolean | null;

/** One operation of a history. Times in microseconds of one clock. */
export interface Recorded {
  /** Who asked. One process asks for one thing at a time. */
  readonly process: number;
  readonly asked: Asked;
  readonly invokedAt: number;
  /** Null if it ended without an answer: it may have executed or may yet, or never will. */
  readonly answer: { readonly told: Told; readonly at: number } | null;
}

/** Operations under way and over, as their clients saw them. */
export class History {
  /** Those that are over. */
  readonly operations: Recorded[] = [];

  /** Records one operation from before it is sent until after it is answered. Rejects as `call` does. */
  async record(process: number, asked: Asked, call: () => Promise<Told>): Promise<void> {
    const invokedAt = now();
    try {
      const told = await call();
      this.operations.push({ process, asked, invokedAt, answer: { told, at: now() } });
    } catch (error) {
      this.operations.push({ process, asked, invokedAt, answer: null });
      throw error;
    }
  }

  /** The longest time in which nothing was answered, between these two moments. In milliseconds. */
  longestSilence(fromMicros: number, toMicros: number): number {
    const answers = this.operations.map(({ answer }) => answer?.at ?? fromMicros);
    const inside = answers.filter((at) => at > fromMicros && at < toMicros).sort((a, b) => a - b);
    let longest = 0;
    let last = fromMicros;
    for (const at of [...inside, toMicros]) {
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
