import { VALUE_BYTES_MAX } from "@destiny/core/service/key-value";
import { LIMITS } from "@destiny/core/wire/limits";
import { type Command, Option } from "commander";
import { UsageError } from "../output/failure.ts";
import { decimal, jsonOption, whole } from "./options.ts";

/** What every load is made of. Times in seconds. */
export interface LoadOptions {
  readonly clients: number;
  readonly generators: number;
  readonly bundle: number;
  readonly payload: number;
  readonly keys: number;
  readonly duration: number;
  readonly warmup: number;
  readonly json?: true;
}

/** A key and what the encoding puts around key and value. */
const PER_COMMAND_BYTES = 64;
const DAY_SECONDS = 86_400;

/** Adds the options of a load. */
export function withLoadOptions(command: Command): Command {
  const add = (flags: string, description: string, read: (text: string) => number, value: number): void => {
    command.addOption(new Option(flags, description).argParser(read).default(value));
  };
  add("-c, --clients <n>", "clients, each with a key and one request under way", whole(1, 10_000), 64);
  add("-b, --bundle <n>", "commands that one signature covers", whole(1, LIMITS.requestCommandsMax), 1);
  add("--payload <bytes>", "size of each value written", whole(0, VALUE_BYTES_MAX), 512);
  add("--keys <n>", "different keys written", whole(1, 100_000_000), 10_000);
  add("-d, --duration <seconds>", "how long to measure", decimal(0.1, 7 * DAY_SECONDS), 10);
  add("--warmup <seconds>", "load before the measurement", decimal(0, DAY_SECONDS), 3);
  add("--generators <n>", "processes that share the clients", whole(1, 64), 1);
  return command.addOption(jsonOption());
}

/** Refuses a bundle that no request can hold. */
export function checkBundle({ bundle, payload }: LoadOptions): void {
  const most = Math.floor(LIMITS.requestBytesMax / (payload + PER_COMMAND_BYTES));
  if (bundle <= most) return;
  throw new UsageError(
    `a request of ${bundle} values of ${payload} bytes is too long: --bundle ${most} is the most`,
  );
}
