import { simulate } from "../run/simulate.ts";
import type { FromWorker, ToWorker } from "./worker-messages.ts";

// A process of an experiment: runs one scenario after the other.
process.on("message", ({ scenario }: ToWorker) => answer(run(scenario)));
process.on("disconnect", () => process.exit());
// A Ctrl-C on the terminal reaches us too: whoever runs us ends us.
process.on("SIGINT", () => undefined);

function run(scenario: ToWorker["scenario"]): FromWorker {
  try {
    const onProgress = (share: number): void => answer({ type: "progress", share });
    const outcome = simulate(scenario, ({ virtual, duration }) => onProgress(virtual / duration));
    return { type: "outcome", outcome };
  } catch (error) {
    return {
      type: "failed",
      message: error instanceof Error ? (error.stack ?? error.message) : String(error),
    };
  }
}

function answer(message: FromWorker): void {
  process.send?.(message);
}
