import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { BlsBackend } from "./backend.ts";
import { openJavaScript } from "./javascript.ts";
import { openNative } from "./native.ts";

/** Where the choice of a back end is told, once each time one is opened. */
export type Log = (line: string) => void;

/**
 * The native back end, or the pure JavaScript one if the addon was not built; `choice` (the environment variable
 * DESTINY_BLS: "native" or "js") demands one. Throws {@link ConfigurationError} if that is not to be had.
 */
export function openBls(log: Log, choice: string | undefined = process.env["DESTINY_BLS"]): BlsBackend {
  if (choice !== undefined && choice !== "" && choice !== "native" && choice !== "js") {
    throw new ConfigurationError(`DESTINY_BLS is "${choice}": set it to native or js, or leave it out`);
  }
  if (choice !== "js") {
    const native = openNative();
    if (!(native instanceof Error)) return native;
    if (choice === "native") {
      throw new ConfigurationError(
        `DESTINY_BLS=native, but the addon does not load: ${native.message}. Run npm ci`,
      );
    }
  }
  log(
    "BLS runs in pure JavaScript, some twenty times slower than the native addon: npm ci builds it, given a C compiler",
  );
  return openJavaScript();
}
