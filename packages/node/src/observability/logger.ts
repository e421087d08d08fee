import type { ReplicaId } from "@destiny/core/kernel/ids";
import { destination, type Logger, pino, stdTimeFunctions } from "pino";
import type { LogLevel } from "../configuration/replica-settings.ts";

/** Bytes of log lines that may wait for a slow reader; further lines are dropped. */
const WAITING_BYTES_MAX = 1_048_576;
const STANDARD_ERROR = 2;

/** Where log lines go. */
export interface LogOptions {
  readonly level: LogLevel;
  /** Bound to every line; absent before it is known. */
  readonly replica?: ReplicaId;
  /** A file or file descriptor; standard error if absent. */
  readonly output?: string | number;
}

/** A logger, and the way to get its last words out before the process ends. */
export interface Log {
  readonly logger: Logger;
  /** Writes all that waits, at once. */
  flush(): void;
}

/**
 * Structured logs: one JSON object a line, with `level`, `time`, `replica`, `msg`, and `part` for what a child logger is
 * about. Writing never blocks the caller, and a reader that is too slow loses lines instead of costing memory.
 */
export function openLog(options: LogOptions): Log {
  const output = destination({
    dest: options.output ?? STANDARD_ERROR,
    sync: false,
    maxLength: WAITING_BYTES_MAX,
  });
  // Who reads our log may go away; that is no reason to stop.
  output.on("error", () => undefined);
  const logger = pino(
    {
      level: options.level,
      base: options.replica === undefined ? {} : { replica: options.replica },
      timestamp: stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    output,
  );
  return { logger, flush: () => flush(output) };
}

/** The log of one part of the replica. */
export function partLog(logger: Logger, part: string): Logger {
  return logger.child({ part });
}

function flush(output: ReturnType<typeof destination>): void {
  try {
    output.flushSync();
  } catch {
    // Nobody reads any more, or the file was never opened.
  }
}
