import { expect, test } from "vitest";
import { runReadmission } from "./readmission-campaign.ts";

test.each([
  ["single-linear-hybster", 3, [1, 2, 5, 30]],
  ["single-hybster", 3, [1, 2]],
  ["destiny", 3, [1]],
  ["destiny", 5, [3]],
] as const)(
  "%s, n = %i: subsystems are lost and admitted again, with loss and crashes around it",
  (name, n, seeds) => {
    for (const seed of seeds) expect(runReadmission(name, n, seed).admissions).toBeGreaterThanOrEqual(4);
  },
);
