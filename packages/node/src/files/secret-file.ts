import { closeSync, fsyncSync, openSync, statSync, writeSync } from "node:fs";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";

/** Refuses, with a {@link ConfigurationError}, a file with a secret that others than its owner may read. */
export function checkSecretFile(path: string, remedy: string): void {
  const found = statSync(path, { throwIfNoEntry: false });
  if (found === undefined) throw new ConfigurationError(`${path} is missing: ${remedy}`);
  const mode = found.mode & 0o777;
  if ((mode & 0o077) === 0) return;
  throw new ConfigurationError(
    `${path} holds a secret and has mode 0${mode.toString(8)}, open to others: run chmod 600 ${path}`,
  );
}

/** Writes a new file and has the disk keep it. Never over an old one: a key that is lost is lost for good. */
export function writeNewFile(path: string, text: string, mode: 0o600 | 0o644): void {
  const file = openNew(path, mode);
  writeSync(file, text);
  fsyncSync(file);
  closeSync(file);
}

/** Plain data as a file for people. */
export function toJsonText(value: unknown): string {
  return `${JSON.stringify(value, undefined, 2)}\n`;
}

function openNew(path: string, mode: number): number {
  try {
    return openSync(path, "wx", mode);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === "EEXIST")
      throw new ConfigurationError(`${path} exists, and is never overwritten: take a new directory`);
    throw new ConfigurationError(`${path} cannot be written (${code}): take a directory of this user`);
  }
}
