import { expect, test } from "vitest";
import {
  CONFIGURATION_MAX,
  configurationOf,
  firstViewOf,
  sameViewIn,
  viewsPerConfiguration,
} from "./configurations.ts";
import { COUNTER_MAX } from "./ids.ts";

test.each([3, 4, 5, 7, 301, 1024])("a view says its configuration, and whose turn it is: n = %i", (n) => {
  for (const configuration of [0, 1, 2, CONFIGURATION_MAX]) {
    for (const view of [0, 1, n, 3 * n + 2, viewsPerConfiguration(n) - 1]) {
      const here = sameViewIn(view, configuration, n);
      expect(configurationOf(here, n)).toBe(configuration);
      expect(here % n).toBe(view % n);
      expect(here).toBeLessThanOrEqual(COUNTER_MAX);
      expect(sameViewIn(here, 0, n)).toBe(view);
    }
  }
});

test("all views of a configuration come before all of the next", () => {
  expect(firstViewOf(1, 3)).toBe(viewsPerConfiguration(3));
  expect(sameViewIn(1_000_000, 1, 5)).toBeLessThan(sameViewIn(0, 2, 5));
});
