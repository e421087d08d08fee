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
  const { world, order } = cluster;
  switch (event.type) {
    case "crash":
      for (const replica of event.replicas) {
        world.host(replica).crash();
        order.crashed(replica);
      }
      return;
    case "scale-load":
      return crowd.scale(event.factor, event.regions);
    case "lag": {
      const lagging = new Set(event.replicas);
      return world.network.meddle(({ from, to }) =>
        lagging.has(from) || lagging.has(to) ? { delays: [event.delay], overtakes: false } : null,
      );
    }
    case "partition": {
      const groups = event.groups.map((group) => new Set(group));
      const { n } = cluster.faults;
      const apart = ({ from, to }: { readonly from: number; readonly to: number }): boolean =>
        from < n && to < n && !groups.some((group) => group.has(from) && group.has(to));
      const partition = world.network.hold(apart);
      world.engine.after(event.until - world.engine.now, () => partition.lift());
    }
  }
}
