import { expect, test } from "vitest";
import type { Port } from "../../effects/port.ts";
import { FaultModel } from "../../kernel/fault-model.ts";
import { defaultParameters } from "../../parameters.ts";
import { CHAIN_MAX } from "../../wire/view-change.ts";
import { ViewChangeTimer } from "./view-change-timer.ts";

const YEAR_MICROS = 365 * 86_400 * 1_000_000;

/** How long so many view changes take that all fail. */
function timeOf(n: number, failures: number): number {
  let time = 0;
  const setTimer = (_timer: number, delay: number): void => {
    time += delay;
  };
  const port = { setTimer } as unknown as Port;
  const timer = new ViewChangeTimer(
    { faults: FaultModel.hybrid(n), parameters: { ...defaultParameters(n), window: 16 }, port },
    7,
  );
  for (let count = 0; count < failures; count += 1) {
    timer.start();
    timer.expire(7);
    timer.failed();
  }
  return time;
}

test.each([3, 5, 64, 301, 1023])(
  "with n = %i it takes years to spend the steps of a counter that a view change has room for",
  (n) => {
    expect(timeOf(n, CHAIN_MAX)).toBeGreaterThan(5 * YEAR_MICROS);
  },
);

test("a round of all primaries is tried in bearable time all the same", () => {
  expect(timeOf(5, 5)).toBeLessThan(64 * 1_000_000);
});
