import { expect, test } from "vitest";
import { type Source, Sources } from "./sources.ts";

const ids = (sources: readonly Source[]): number[] => sources.map(({ id }) => id).sort((a, b) => a - b);

test("a few at a time are turned to, and asked for more once they have shown that they have it", () => {
  const sources = new Sources(0, 10);
  const recruits = sources.recruit(0);
  expect(ids(recruits)).toHaveLength(4);
  expect(sources.recruit(0)).toEqual([]);
  expect(sources.ready).toEqual([]);
  for (const source of recruits.slice(0, 2)) sources.praise(source, 1);
  expect(ids(sources.ready)).toEqual(ids(recruits.slice(0, 2)));
  const [source] = sources.ready as [Source];
  source.outstanding = 2;
  expect(sources.ready).toHaveLength(1);
  source.outstanding = 0;
  source.asked = 64;
  expect(sources.ready).toHaveLength(1);
  sources.renew();
  expect(sources.ready).toHaveLength(2);
});

test("who does not have it makes room for the next, and is turned to again later", () => {
  const sources = new Sources(0, 3);
  const [a, b] = sources.recruit(0) as [Source, Source];
  sources.decline(a, 0);
  expect(sources.idle).toBe(false);
  sources.decline(b, 0);
  expect(sources.idle).toBe(true);
  expect(sources.recruit(4)).toEqual([]);
  expect(ids(sources.recruit(5))).toEqual([1, 2]);
});

test("who fails rests, ever longer, and is given more time; a quick answer makes up for it", () => {
  const sources = new Sources(0, 2);
  const [source] = sources.recruit(0) as [Source];
  const { patience } = source;
  sources.fail(source, 0);
  expect(source.patience).toBe(2 * patience);
  expect(sources.recruit(5)).toEqual([source]);
  sources.fail(source, 5);
  expect(sources.recruit(10)).toEqual([]);
  expect(sources.recruit(15)).toEqual([source]);
  sources.praise(source, 10);
  expect(source.patience).toBe(30);
  sources.praise(source, 0);
  expect(source.patience).toBe(patience);
});

test("who lied is not asked again, unless all did: then it must have been us", () => {
  const sources = new Sources(1, 3);
  const [a, b] = sources.recruit(0) as [Source, Source];
  sources.condemn(a);
  sources.decline(b, 0);
  expect(ids(sources.recruit(100))).toEqual([b.id]);
  sources.condemn(b);
  expect(ids(sources.recruit(100))).toEqual([0, 2]);
});

test("for another state all are turned to anew, but who failed rests on", () => {
  const sources = new Sources(0, 3);
  const [a, b] = sources.recruit(0) as [Source, Source];
  sources.praise(a, 1);
  expect(sources.haveIt).toBe(true);
  sources.fail(b, 0);
  sources.turn();
  expect(sources.haveIt).toBe(false);
  expect(ids(sources.recruit(0))).toEqual([a.id]);
  expect(ids(sources.recruit(5))).toEqual([b.id]);
});
