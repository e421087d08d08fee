import { closeSync, openSync } from "node:fs";
import { join } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { tryLock } from "fs-native-extensions";

/**
 * Holds a directory for one store. The operating system lets go of the lock when the process dies, however it
 * dies, so that there is never a stale one to clean up.
 */
export class DirectoryLock {
  #fd: number | null;

  private constructor(fd: number) {
    this.#fd = fd;
  }

  /** @throws ConfigurationError when another store, of this process or another, holds the directory */
  static take(dir: string): DirectoryLock {
    const fd = openLockFile(dir);
    if (tryLock(fd)) return new DirectoryLock(fd);
    closeSync(fd);
    throw new ConfigurationError(
      `The store in ${dir} is in use by another process. ` +
        "Stop that replica, or give this one a directory of its own.",
    );
  }

  release(): void {
    if (this.#fd !== null) closeSync(this.#fd);
    this.#fd = null;
  }
}

function openLockFile(dir: string): number {
  try {
    return openSync(join(dir, "lock"), "a", 0o600);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      `The store's directory ${dir} cannot be written: ${reason}. Make it writable.`,
      {
        cause: error,
      },
    );
  }
}
