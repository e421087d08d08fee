import { readFileSync } from "node:fs";
import { extname } from "node:path";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import type { Micros } from "@destiny/core/kernel/ids";
import { type Bandwidth, parseWanCsv, parseWanJson, type WanTable } from "./wan-file.ts";

/** Where replicas are: regions, and what lies between them. Row: from; column: to. */
export interface Wan {
  readonly name: string;
  readonly regions: readonly string[];
  /** One way, between parties of two regions, or of one. */
  readonly delays: readonly (readonly Micros[])[];
  /** Mb/s, which is bits per microsecond, that one replica's traffic to one other gets. */
  readonly rates: readonly (readonly number[])[];
  /** Mb/s of a replica's network interface, each way. */
  readonly interfaceRate: number;
}

/** Those that come with the package, in its folder `data`. */
export const WAN_NAMES: readonly string[] = ["azure", "aws", "lan"];

const UNIFORM = /^uniform:(\d+(?:\.\d+)?)$/;
/** Paper, section 5.2. */
const PAPER_BANDWIDTH: Bandwidth = {
  interfaceMbps: 6_000,
  pairMbps: 6_000,
  pairRttMs: 1,
  exponent: 0.5,
  floorMbps: 400,
};
const MICROS_PER_MILLI = 1_000;

/**
 * Opens a WAN: one of {@link WAN_NAMES}; `uniform:` and a round-trip time in milliseconds, the same between all parties; or the
 * path of a file, JSON or CSV, as {@link parseWanJson} and {@link parseWanCsv} read them. Throws `ConfigurationError`.
 */
export function openWan(nameOrPath: string): Wan {
  const uniform = UNIFORM.exec(nameOrPath)?.[1];
  if (uniform !== undefined) {
    return wanOf({
      name: nameOrPath,
      regions: ["anywhere"],
      rttMs: [[Number(uniform)]],
      bandwidth: PAPER_BANDWIDTH,
    });
  }
  const shipped = WAN_NAMES.includes(nameOrPath);
  const path = shipped ? new URL(`../../data/${nameOrPath}.json`, import.meta.url) : nameOrPath;
  const text = read(path, nameOrPath);
  const isCsv = !shipped && extname(nameOrPath).toLowerCase() === ".csv";
  return wanOf(isCsv ? parseWanCsv(text, nameOrPath, PAPER_BANDWIDTH) : parseWanJson(text, nameOrPath));
}

function read(path: URL | string, name: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    const known = WAN_NAMES.join(", ");
    throw new ConfigurationError(
      `There is no WAN "${name}": neither one of ${known} or uniform:<ms>, nor a file that can be read (${reason}).`,
    );
  }
}

/** Half of the way there and back is the way there; the rate of a pair falls with its distance. */
function wanOf({ name, regions, rttMs, bandwidth }: WanTable): Wan {
  return {
    name,
    regions,
    delays: rttMs.map((row) => row.map((rtt) => Math.round((rtt * MICROS_PER_MILLI) / 2))),
    rates: rttMs.map((row) => row.map((rtt) => rateOf(rtt, bandwidth))),
    interfaceRate: bandwidth.interfaceMbps,
  };
}

function rateOf(rttMs: number, { pairMbps, pairRttMs, exponent, floorMbps }: Bandwidth): number {
  const reach = rttMs <= pairRttMs ? 1 : (pairRttMs / rttMs) ** exponent;
  return Math.max(Math.min(floorMbps, pairMbps), pairMbps * reach);
}
