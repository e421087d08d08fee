import type { FigureName } from "../experiments/catalogue.ts";
import { exists, shownAs } from "../experiments/protocols.ts";
import type { PointRecord } from "../records/record.ts";
import { type Count, countOf } from "../statistics/counts.ts";
import { type Line, linesOf } from "../statistics/line.ts";
import { type Reaction, reactionOf, timelineOf } from "../statistics/timeline.ts";

/** What a claim needs and no record shows. */
export class MissingEvidence extends Error {
  override readonly name = "MissingEvidence";
  readonly what: readonly string[];

  constructor(what: readonly string[]) {
    super(`missing: ${what.join("; ")}`);
    this.what = what;
  }
}

/** One sweep that a claim names. */
export interface LineName {
  readonly figure: "fig7" | "fig8" | "fig9";
  readonly protocol: string;
  readonly replicas: number;
  /** 200 commands of 512 B unless it says otherwise. */
  readonly batch?: number;
  readonly payloadBytes?: number;
}

const USUAL_BATCH = 200;
const USUAL_PAYLOAD_BYTES = 512;

/** The records of all experiments, as claims ask for them. Everything throws {@link MissingEvidence} for what it does not have. */
export class Evidence {
  readonly #lines: Readonly<Record<LineName["figure"], readonly Line[]>>;
  readonly #counts: readonly Count[];
  readonly #reactions: ReadonlyMap<string, Reaction>;

  constructor(records: Readonly<Partial<Record<FigureName, readonly PointRecord[]>>>) {
    const outcomes = (figure: FigureName) => (records[figure] ?? []).map(({ outcome }) => outcome);
    this.#lines = {
      fig7: linesOf(outcomes("fig7")),
      fig8: linesOf(outcomes("fig8")),
      fig9: linesOf(outcomes("fig9")),
    };
    this.#counts = outcomes("fig2").map(countOf);
    this.#reactions = new Map(
      outcomes("fig10").map((outcome) => [outcome.scenario.protocol, reactionOf(timelineOf(outcome))]),
    );
  }

  line(name: LineName): Line {
    const { figure, protocol, replicas, batch = USUAL_BATCH, payloadBytes = USUAL_PAYLOAD_BYTES } = name;
    const found = this.#lines[figure].find(
      (line) =>
        line.protocol === protocol &&
        line.replicas === replicas &&
        line.batch === batch &&
        line.payloadBytes === payloadBytes,
    );
    return found ?? missing(protocol, `${figure} at N = ${replicas}, ${batch} x ${payloadBytes} B`);
  }

  count(protocol: string, replicas: number, ordering: Count["ordering"]): Count {
    const found = this.#counts.find(
      (count) => count.protocol === protocol && count.replicas === replicas && count.ordering === ordering,
    );
    return found ?? missing(protocol, `fig2 at N = ${replicas}, ${ordering}`);
  }

  reaction(protocol: string): Reaction {
    return this.#reactions.get(protocol) ?? missing(protocol, "fig10");
  }
}

function missing(protocol: string, run: string): never {
  throw new MissingEvidence([
    exists(protocol) ? `${run} of ${protocol}` : `protocol ${shownAs(protocol).label}`,
  ]);
}
