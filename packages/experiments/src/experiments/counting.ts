import type { Parameters } from "@destiny/core/parameters";
import type { Scenario } from "../run/scenario.ts";
import type { Course } from "./course.ts";
import { exists, shownAs } from "./protocols.ts";
import { paperScenario } from "./scenarios.ts";
import type { CountSpecification } from "./specification.ts";

/**
 * For each protocol that exists and each size one run with one request at a time, in which nothing takes time but the way; two
 * where there are two ways to order, the optimistic and the pessimistic one (DQBFT section 3.2.1).
 */
export function countCourses(specification: CountSpecification): Course[] {
  return specification.protocols.filter(exists).flatMap((protocol) => {
    const { label, family } = shownAs(protocol);
    const orderings =
      family === "dqbft" ? (["optimistic", "pessimistic"] as const) : (["optimistic"] as const);
    return specification.replicas.flatMap((replicas) =>
      orderings.map((ordering): Course => {
        const scenario = countScenario(specification, { protocol, replicas, ordering });
        return {
          protocol,
          label: `${label}, N = ${replicas}, ${ordering}`,
          weight: replicas * replicas,
          expectedRuns: 1,
          next: (outcomeOf) => (outcomeOf(scenario) === undefined ? [scenario] : []),
        };
      }),
    );
  });
}

type Variant = Pick<Scenario, "protocol" | "replicas"> & Pick<Parameters, "ordering">;

/** Nothing waits for company. */
const NO_DELAY = { batchDelay: 0, orderBatchDelay: 0 } as const;

function countScenario(
  specification: CountSpecification,
  { protocol, replicas, ordering }: Variant,
): Scenario {
  const { payloadBytes, seed, warmUp, measured } = specification;
  const choice = { protocol, replicas, batch: 1, payloadBytes, seed, load: 1, warmUp };
  const scenario = paperScenario(specification, { ...choice, duration: warmUp + measured });
  const parameters = { ...NO_DELAY, ordering };
  return { ...scenario, without: ["cpu", "bandwidth", "jitter"], exact: true, parameters };
}
