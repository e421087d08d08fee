import { readdirSync, statSync } from "node:fs";
import { join } from "node:path";
import { FILES } from "@destiny/node/configuration/replica-configuration";
import type { ClusterUse } from "./cluster-use.ts";

const MINUTE_SECONDS = 60;
/** Size of what `st_blocks` counts. */
const BLOCK_BYTES = 512;

/** Memory and disk of a cluster over time, in bytes and by replica; empty lists where they cannot be seen from here. */
export interface FootprintSummary {
  readonly memory: { readonly afterOneMinute: readonly number[] | null; readonly atEnd: readonly number[] };
  readonly storeBytes: readonly number[];
}

/** Watches what the replicas of this machine occupy. */
export class Footprint {
  residentBytes: readonly number[] = [];
  storeBytes: readonly number[] = [];
  readonly #use: ClusterUse;
  readonly #dir: string | undefined;
  #afterOneMinute: readonly number[] | null = null;

  /** `dir` is the cluster's folder, if it is here. */
  constructor(use: ClusterUse, dir: string | undefined) {
    this.#use = use;
    this.#dir = dir;
  }

  /** Looks, so many seconds after the load began. */
  look(seconds: number): void {
    this.residentBytes = this.#use.resident();
    this.storeBytes = this.#dir === undefined ? [] : storesIn(this.#dir);
    if (seconds >= MINUTE_SECONDS) this.#afterOneMinute ??= this.residentBytes;
  }

  /** Looks for the last time. */
  end(): void {
    this.look(0);
  }

  summary(): FootprintSummary {
    return {
      memory: { afterOneMinute: this.#afterOneMinute, atEnd: this.residentBytes },
      storeBytes: this.storeBytes,
    };
  }
}

/** Disk space of each replica's store. */
function storesIn(dir: string): number[] {
  return readdirSync(dir)
    .filter((name) => /^replica-\d+$/.test(name))
    .sort((a, b) => Number(a.slice(8)) - Number(b.slice(8)))
    .map((name) => diskBytes(join(dir, name, FILES.data)));
}

function diskBytes(folder: string): number {
  try {
    const sizes = readdirSync(folder).map((name) => statSync(join(folder, name)).blocks * BLOCK_BYTES);
    return sizes.reduce((sum, size) => sum + size, 0);
  } catch {
    return 0; // Not started yet, or a file that went meanwhile.
  }
}
