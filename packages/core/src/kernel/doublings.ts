/** Failures each of which doubles the time; more double it only once per round of all primaries (dqbft.md 8, `tcap`). */
const DOUBLINGS = 6;
/** And never more often than this: a time multiplied by 2^24 is as good as none. */
const DOUBLINGS_MAX = 24;

/** By how much a time is multiplied after so many failures of n primaries: `2^min(m, tcap + floor(m/N))` (dqbft.md 8). */
export function multiplierAfter(failures: number, n: number): number {
  return 2 ** Math.min(failures, DOUBLINGS + Math.floor(failures / n), DOUBLINGS_MAX);
}
