import { Random } from "@destiny/core/kernel/random";
import type { Reply } from "@destiny/core/wire/reply";
import type { Request } from "@destiny/core/wire/request";
import { SessionStage } from "@destiny/testkit/client/session-stage";
import fc from "fast-check";
import { expect, test } from "vitest";

const N = 5;

/**
 * Five replicas of which two lie at will, in a network that loses, repeats and reorders, behind a client that submits,
 * gives up and waits. Replicas execute a request at most once and, as correct ones do, none below the last executed.
 */
class Chaos {
  readonly stage = new SessionStage(N, { pipeline: 4, queueMax: 8 });
  readonly #random: Random;
  readonly #seen: Request[] = [];
  readonly executed = new Map<number, Request>();
  #last = 0;
  submitted = 0;

  constructor(seed: number) {
    this.#random = new Random(seed);
    this.stage.begin(this.#random.below(N));
  }

  step(): void {
    const { stage } = this;
    const random = this.#random;
    switch (random.below(9)) {
      case 0:
      case 1:
        this.submitted += 1;
        stage.submitAll([Uint8Array.of(this.submitted, this.submitted >> 8)], 1 + random.below(20_000));
        break;
      case 2:
        stage.pass(random.below(3000));
        break;
      case 3:
        if (random.chance(0.5)) stage.down(random.below(N));
        else stage.up(random.below(N), random.below(N));
        break;
      case 4:
        stage.session.cancel(random.below(this.submitted + 1), new Error("given up"), stage.now);
        break;
      case 5:
        stage.reply(random.below(2), this.#lie());
        break;
      default:
        this.#answer();
    }
    this.#seen.push(...stage.takeRequests().map(({ request }) => request));
  }

  /** A correct replica, 2 to 4, executes something or answers again. */
  #answer(): void {
    const request = this.#pick();
    if (request === undefined) return;
    const from = 2 + this.#random.below(N - 2);
    const { cluster } = this.stage;
    if (request.timestamp > this.#last) {
      this.#last = request.timestamp;
      this.executed.set(request.timestamp, request);
    }
    if (!this.executed.has(request.timestamp)) this.stage.reply(from, cluster.refusal(request, 5));
    else if (this.#random.chance(0.5)) this.stage.reply(from, cluster.proven(request));
    else this.stage.reply(from, cluster.plain(request));
  }

  /** What a liar makes of a request: any refusal, another result under any proof, another's proof. */
  #lie(): Reply {
    const { cluster } = this.stage;
    const asked = this.#pick() ?? { client: this.stage.client, timestamp: 1, operations: [] };
    const other = this.#pick() ?? asked;
    const random = this.#random;
    const results = asked.operations.map(() => Uint8Array.of(0, 255, 255));
    switch (random.below(4)) {
      case 0:
        return cluster.refusal(asked, (1 + random.below(8)) as 1, random.below(N + 1));
      case 1:
        return { ...cluster.proven(asked), results };
      case 2:
        return { ...cluster.plain(asked), results };
      default:
        if (other.timestamp === asked.timestamp) return { ...cluster.plain(asked), results };
        return { ...cluster.proven(other), timestamp: asked.timestamp };
    }
  }

  #pick(): Request | undefined {
    return this.#seen[this.#random.below(this.#seen.length)];
  }
}

test("whatever happens, everything settles exactly once, nothing unproven is believed, nothing executes twice", () => {
  fc.assert(
    fc.property(fc.nat(), fc.integer({ min: 20, max: 150 }), (seed, steps) => {
      const chaos = new Chaos(seed);
      for (let i = 0; i < steps; i += 1) chaos.step();
      const { stage, executed } = chaos;
      stage.pass(20_001);
      expect(stage.settled.size).toBe(chaos.submitted);
      const ran = [...executed.values()].map(({ operations }) => String(operations[0]));
      expect(new Set(ran).size).toBe(ran.length);
      const answered = new Set<number>();
      for (const settlements of stage.settled.values()) {
        expect(settlements).toHaveLength(1);
        const [settlement] = settlements;
        if (settlement?.ok !== true) continue;
        const { timestamp, outcomes } = settlement.reply;
        // One reply for each executed request, and its true results.
        expect(answered.has(timestamp)).toBe(false);
        answered.add(timestamp);
        const request = executed.get(timestamp);
        expect(outcomes).toEqual(request?.operations.map((result) => ({ ok: true, result })));
      }
    }),
    { numRuns: 200 },
  );
});
