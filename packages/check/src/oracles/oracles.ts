import type { Observer } from "../stage/observer.ts";
import type { Stage } from "../stage/stage.ts";
import { majorities } from "./arithmetic.ts";
import { CheckpointRoots } from "./checkpoint-roots.ts";
import { GenuineRequests } from "./genuine-requests.ts";
import { GlobalLog } from "./global-log.ts";
import { SequentialModel } from "./sequential-model.ts";
import { VoteLedger } from "./vote-ledger.ts";

/** Every oracle that watches a run while it goes on. */
export interface Oracles {
  readonly observers: readonly Observer[];
  readonly log: GlobalLog;
  readonly model: SequentialModel;
  readonly votes: VoteLedger;
}

/** Sets the oracles up around a stage. */
export function setUpOracles(stage: Stage): Oracles {
  const { faulty, faults } = stage;
  const { n } = faults;
  const { quorum } = majorities(faults.kind, n);
  const partitioned = (): boolean => stage.partitioned;
  const genuine = new GenuineRequests(n);
  const model = new SequentialModel({
    n,
    faulty,
    partitioned,
    isGenuine: (request) => genuine.has(request),
  });
  const log = new GlobalLog({ faulty, partitioned, grown: (entry) => model.grow(entry) });
  const votes = new VoteLedger(n, quorum);
  return { log, model, votes, observers: [genuine, votes, log, model, new CheckpointRoots(faulty)] };
}
