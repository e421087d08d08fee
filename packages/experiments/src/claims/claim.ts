import { readFileSync } from "node:fs";

/** What the paper says and how it is measured: one entry of the package's `data/claims.json`. */
export interface Claim {
  readonly id: string;
  /** Figure or section. */
  readonly figure: string;
  readonly level: "must" | "should";
  readonly claim: string;
  readonly metric: string;
  readonly expected: number | string;
  /** Least and most; null has no limit. */
  readonly accept: Range;
  readonly setup: string;
  readonly note: string;
}

export type Range = readonly [number | null, number | null];

/** All claims, in the order of the file. */
export function readClaims(): Claim[] {
  return (readData("claims.json") as { readonly claims: Claim[] }).claims;
}

/** Why claims fail that do, by their ids: what was found, not a way around it. */
export function readReasons(): Readonly<Record<string, string>> {
  return readData("reasons.json") as Record<string, string>;
}

function readData(file: string): unknown {
  return JSON.parse(readFileSync(new URL(`../../data/${file}`, import.meta.url), "utf8"));
}
