import type { EvaluationCluster } from "./cluster.ts";
import type { Crowd } from "./crowd.ts";
import type { ScenarioEvent } from "./scenario.ts";

/** Lets a scenario's events happen, each at its time. */
export function schedule(events: readonly ScenarioEvent[], cluster: EvaluationCluster, crowd: Crowd): void {
  const { engine } = cluster.world;
  for (const event of events) {
    if (event.at <= engine.now) happen(event, cluster, crowd);
    else engine.after(event.at - engine.now, () => happen(event, cluster, crowd));
  }
}

function happen(event: ScenarioEvent, cluster: EvaluationCluster, crowd: Crowd): void {
  const { world, order, links } = cluster;
  switch (event.type) {
    case "crash":
      for (const replica of event.replicas) {
        world.host(replica).crash();
        order.crashed(replica);
      }
      return;
    case "scale-load":
      return crowd.scale(event.factor, event.regions);
    case "lag":
      for (const replica of event.replicas) links.lag(replica, event.delay);
      return;
    case "partition":
      links.partition(event.groups);
      return world.engine.after(event.until - world.engine.now, () => links.partition(null));
  }
}
