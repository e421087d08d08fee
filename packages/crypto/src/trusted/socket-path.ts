import { chmodSync, lstatSync, mkdirSync, statSync, unlinkSync } from "node:fs";
import { connect } from "node:net";
import { dirname } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";

/** Longest path of a UNIX socket that every supported system accepts, in bytes. */
export const SOCKET_PATH_BYTES_MAX = 103;

/**
 * Makes `path` ready to listen on: its directory exists and belongs to this user alone, and a socket that a dead signer
 * left behind is gone. Throws `ConfigurationError` if it cannot be so, or if a signer is listening there.
 */
export async function prepareSocketPath(path: string): Promise<void> {
  if (Buffer.byteLength(path) > SOCKET_PATH_BYTES_MAX) {
    throw new ConfigurationError(
      `${path} is longer than the ${SOCKET_PATH_BYTES_MAX} bytes of a socket's path`,
    );
  }
  const directory = dirname(path);
  if (mkdirSync(directory, { recursive: true, mode: 0o700 }) !== undefined) chmodSync(directory, 0o700);
  const { mode, uid } = statSync(directory);
  if ((mode & 0o077) !== 0 || uid !== process.getuid?.()) {
    throw new ConfigurationError(`${directory} must belong to the signer's user alone: chmod 700 it`);
  }
  await removeStale(path);
}

async function removeStale(path: string): Promise<void> {
  const found = lstatSync(path, { throwIfNoEntry: false });
  if (found === undefined) return;
  if (!found.isSocket()) throw new ConfigurationError(`${path} is in the way and not a socket: remove it`);
  if (await answers(path))
    throw new ConfigurationError(`a signer is already listening on ${path}: stop it first`);
  unlinkSync(path);
}

function answers(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const probe = connect(path);
    probe.once("connect", () => {
      probe.destroy();
      resolve(true);
    });
    probe.once("error", () => resolve(false));
  });
}
