import { createRequire } from "node:module";

interface Addon {
  /** The path's bytes. */
  releaseFilePages(path: Uint8Array): number;
}

/**
 * Lets go of the pages of a file that this process has mapped for reading only: they stay in the system's cache, and no
 * longer count as this process's memory. Returns the bytes of address space that it covered; 0 where the addon was not
 * built, or on a system other than Linux, where nothing is done. The path must be the real one.
 */
export function releaseFilePages(path: string): number {
  return load()?.releaseFilePages(new TextEncoder().encode(path)) ?? 0;
}

let addon: Addon | null | undefined;

function load(): Addon | null {
  if (addon !== undefined) return addon;
  try {
    addon = createRequire(import.meta.url)("../../native/build/Release/destiny_bls.node") as Addon;
  } catch {
    addon = null;
  }
  return addon;
}
