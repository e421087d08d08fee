import type { Observer } from "../stage/observer.ts";
import type { Stage } from "../stage/stage.ts";
import { Amplification } from "./amplification.ts";
import { majorities } from "./arithmetic.ts";
import { Certificates } from "./certificates.ts";
import { CheckpointRoots } from "./checkpoint-roots.ts";
import { Counters } from "./counters.ts";
import { Durability } from "./durability.ts";
import { ExpectedOrder } from "./expected-order.ts";
import { GenuineRequests } from "./genuine-requests.ts";
import { GlobalLog, type LogEntry } from "./global-log.ts";
import { Memory } from "./memory.ts";
import { NewViews } from "./new-views.ts";
import { SequentialModel } from "./sequential-model.ts";
import { SignedProofs } from "./signed-proofs.ts";
import { Views } from "./views.ts";
import { VoteLedger } from "./vote-ledger.ts";

/** Every oracle that watches a run while it goes on. */
export interface Oracles {
  readonly observers: readonly Observer[];
  readonly log: GlobalLog;
  readonly model: SequentialModel;
  readonly votes: VoteLedger;
  readonly views: Views;
  readonly amplification: Amplification;
}

/** Sets the oracles up around a stage. */
export function setUpOracles(stage: Stage): Oracles {
  const { faulty, faults, parameters, world } = stage;
  const { n } = faults;
  const { quorum, vouched } = majorities(faults.kind, n);
  const partitioned = (): boolean => stage.partitioned;
  const genuine = new GenuineRequests(n);
  const model = new SequentialModel({ n, faulty, partitioned, isGenuine: (request) => genuine.has(request) });
  const votes = new VoteLedger(n, quorum);
  const order = new ExpectedOrder({
    n,
    partitioned,
    certified: (instance, seq) => votes.certified(instance, seq),
    entriesMax: parameters.orderEntriesMax,
    referencesMax: parameters.referencesPerInstanceMax,
  });
  const grown = (entry: LogEntry): void => {
    order.grow(entry);
    model.grow(entry);
  };
  const log = new GlobalLog({ faulty, partitioned, grown });
  const views = new Views({ n, faulty, position: (replica) => stage.status(replica) });
  const slots = Math.max(parameters.orderWindow, parameters.disseminationWindow);
  const amplification = new Amplification({ n, faulty, slots });
  const certified = { n, faulty, votes, quorum, vouched };
  const observers = [
    genuine,
    votes,
    order,
    log,
    model,
    views,
    new CheckpointRoots(faulty),
    new NewViews({ n, faulty, partitioned, certified: (instance) => votes.certifiedIn(instance) }),
    new Certificates(certified),
    new SignedProofs(certified),
    new Counters({ faulty, durable: (...slot) => stage.durableProposals(...slot) }),
    new Durability((replica) => world.host(replica).disk),
    amplification,
    new Memory({ n, faulty, parameters, holdings: (replica) => stage.holdings(replica) }),
  ];
  return { log, model, votes, views, amplification, observers };
}
