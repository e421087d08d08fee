import { ROGUE_NAMES } from "../rogues/catalogue.ts";
import type { CampaignResult } from "./campaign.ts";

/** Below so many seeds chance alone may leave something out. */
const SEEDS_MIN = 100;

/** What must have happened in a campaign, or it has shown nothing. */
const COUNTS = [
  "executed requests",
  "answered requests",
  "crash-recoveries",
  "certified slots",
  "view changes",
];
const FAULTS = [
  "loss",
  "duplication",
  "replay",
  "reorder",
  "spikes",
  "partition",
  "thin-link",
  "crash",
  "pause",
  "stall",
  "skew",
  ...ROGUE_NAMES.map((behaviour) => `client: ${behaviour}`),
];

/** What a campaign ought to have seen and has not. */
export function missingIn({ seeds, tally }: CampaignResult): readonly string[] {
  if (seeds < SEEDS_MIN) return [];
  return [
    ...COUNTS.filter((name) => (tally.counts[name] ?? 0) === 0),
    ...((tally.faults["subsystem lost"] ?? 0) > 0 && (tally.counts["re-admissions"] ?? 0) === 0
      ? ["re-admissions"]
      : []),
    ...FAULTS.filter((kind) => (tally.faults[kind] ?? 0) === 0),
  ];
}
