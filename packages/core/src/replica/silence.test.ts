import { expect, test } from "vitest";
import { Silence } from "./silence.ts";

function stage(): { readonly silent: Set<number>; readonly silence: Silence } {
  const silent = new Set<number>();
  return { silent, silence: new Silence([1, 2, 3], silent) };
}

test("who has sent no status for two whole periods is silent, and nobody is at the start", () => {
  const { silence, silent } = stage();
  silence.onStatus(1);
  silence.renew();
  expect([...silent]).toEqual([]);
  silence.onStatus(2);
  silence.renew();
  expect([...silent]).toEqual([3]);
  silence.renew();
  expect([...silent].sort()).toEqual([1, 3]);
});

test("a status ends it", () => {
  const { silence, silent } = stage();
  silence.renew();
  silence.renew();
  silence.onStatus(2);
  expect([...silent].sort()).toEqual([1, 3]);
  silence.renew();
  silence.renew();
  expect([...silent].sort()).toEqual([1, 3]);
  silence.renew();
  expect([...silent].sort()).toEqual([1, 2, 3]);
});

test("whom an instance has waited for in vain, no status takes out: it is alive, and does not do its part", () => {
  const { silence, silent } = stage();
  silent.add(1);
  silence.renew();
  silence.renew();
  silence.onStatus(1);
  expect(silent.has(1)).toBe(true);
});
