/** What a run, or a campaign, came to in numbers. Plain data underneath, so that processes can exchange it. */
export class Tally {
  readonly counts: Record<string, number>;
  readonly faults: Record<string, number>;

  constructor(counts: Record<string, number> = {}, faults: Record<string, number> = {}) {
    this.counts = counts;
    this.faults = faults;
  }

  add(name: string, by = 1): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  /** A fault that took effect. */
  fault(kind: string, by = 1): void {
    this.faults[kind] = (this.faults[kind] ?? 0) + by;
  }

  get(name: string): number {
    return this.counts[name] ?? 0;
  }

  merge({ counts, faults }: Pick<Tally, "counts" | "faults">): void {
    for (const [name, by] of Object.entries(counts)) this.add(name, by);
    for (const [kind, by] of Object.entries(faults)) this.fault(kind, by);
  }
}
