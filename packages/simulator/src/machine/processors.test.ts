import { expect, test } from "vitest";
import { Pool, Server } from "./processors.ts";

test("a server does one thing after the other, in the order in which they come", () => {
  const server = new Server();
  expect([server.serve(0, 10), server.serve(2, 5), server.serve(100, 5)]).toEqual([10, 15, 105]);
  expect(server.occupancy).toEqual({ busy: 20, waited: 8, jobs: 3 });
});

test("a lane holds back what a free processor would have done, and nothing else", () => {
  const lane = new Server();
  expect(lane.follow(0, 10, 10)).toBe(10);
  expect(lane.follow(1, 10, 11)).toBe(20);
  expect(lane.follow(50, 10, 75)).toBe(75);
});

test("a pool gives the job that came first the processor that is free first", () => {
  const pool = new Pool(2);
  expect([pool.serve(0, 10), pool.serve(0, 4), pool.serve(1, 5), pool.serve(1, 5)]).toEqual([10, 4, 9, 14]);
  expect(pool.occupancy).toEqual({ busy: 24, waited: 3 + 8, jobs: 4 });
});

test("what is spread keeps every processor busy for its part", () => {
  const pool = new Pool(4);
  pool.spread(0, 20);
  expect(pool.serve(0, 1)).toBe(6);
  expect(pool.occupancy.busy).toBe(21);
});
