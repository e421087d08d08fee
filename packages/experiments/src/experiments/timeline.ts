import type { Micros } from "@destiny/core/kernel/ids";
import type { Scenario, ScenarioEvent } from "../run/scenario.ts";
import type { Course } from "./course.ts";
import { exists, shownAs } from "./protocols.ts";
import { paperScenario } from "./scenarios.ts";
import { SECOND, type TimelineSpecification } from "./specification.ts";

/** How long nobody is suspected of being slow, and how long a view change may take, before compression. */
const PATIENCE: Micros = 10 * SECOND;

/** The replica that presides over a protocol with one primary when a run begins. */
const FIRST_PRIMARY = 0;

/** One run for each protocol that exists. */
export function timelineCourses(specification: TimelineSpecification): Course[] {
  return specification.protocols.filter(exists).map((protocol) => {
    const scenario = timelineScenario(specification, protocol);
    return {
      protocol,
      label: `${shownAs(protocol).label}, N = ${specification.replicas}`,
      weight: scenario.duration,
      expectedRuns: 1,
      next: (outcomeOf) => (outcomeOf(scenario) === undefined ? [scenario] : []),
    };
  });
}

function timelineScenario(specification: TimelineSpecification, protocol: string): Scenario {
  const { replicas, batch, payloadBytes, seed, load, compression, duration, doubling, kill } = specification;
  const compressed = (at: Micros): Micros => Math.round(at / compression);
  const victim = shownAs(protocol).family === "single-primary" ? FIRST_PRIMARY : kill.coordinator;
  const events: ScenarioEvent[] = [
    { at: compressed(doubling.at), type: "scale-load", factor: 2, regions: doubling.regions },
    { at: compressed(kill.at), type: "crash", replicas: [victim] },
  ];
  const patience = compressed(PATIENCE);
  const scenario = paperScenario(specification, {
    protocol,
    replicas,
    batch,
    payloadBytes,
    seed,
    load,
    warmUp: 0,
    duration: compressed(duration),
    events,
  });
  return { ...scenario, parameters: { suspicionDelay: patience, viewChangeDelay: patience } };
}
