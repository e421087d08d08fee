import { EXIT, Failure } from "./failure.ts";

/** Who runs us may pass on the signal that the terminal has sent us too: that is one Ctrl-C, not two. */
const SAME_MILLIS = 1_000;
const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
let shared: AbortController | undefined;

/**
 * Aborted by the first Ctrl-C, or another polite wish for the end, with a {@link Failure} as its reason; the second ends this
 * process and its children at once.
 */
export function interruption(): AbortSignal {
  if (shared !== undefined) return shared.signal;
  const controller = new AbortController();
  shared = controller;
  let firstAt = 0;
  for (const name of SIGNALS) {
    process.on(name, () => {
      if (!controller.signal.aborted) {
        firstAt = performance.now();
        controller.abort(new Failure("interrupted"));
      } else if (performance.now() - firstAt > SAME_MILLIS) {
        // Children are ended by the handlers of "exit".
        process.exit(EXIT.failed);
      }
    });
  }
  return controller.signal;
}

/** Resolves when the signal aborts. */
export function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}

/** Waits; false if the signal aborted before. */
export function pause(millis: number, signal: AbortSignal): Promise<boolean> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve(false);
    const stop = (): void => {
      clearTimeout(timer);
      resolve(false);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener("abort", stop);
      resolve(true);
    }, millis);
    signal.addEventListener("abort", stop, { once: true });
  });
}
