import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { AssignRequest } from "@destiny/core/wire/messages";
import { Request } from "@destiny/core/wire/request";
import { assignStatement, requestStatement } from "@destiny/core/wire/statement";
import { rottenIn } from "../plan/decisions.ts";
import type { Observer } from "../stage/observer.ts";
import type { Stage } from "../stage/stage.ts";
import { Amplification } from "./amplification.ts";
import { Certificates } from "./certificates.ts";
import { CheckpointRoots } from "./checkpoint-roots.ts";
import { CollectedProofs } from "./collected-proofs.ts";
import { Counters } from "./counters.ts";
import { Durability } from "./durability.ts";
import { ExpectedOrder } from "./expected-order.ts";
import { GenuineRequests } from "./genuine-requests.ts";
import { GlobalLog, type LogEntry } from "./global-log.ts";
import { Memberships } from "./memberships.ts";
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
  readonly members: Memberships;
}

/** Sets the oracles up around a stage. */
export function setUpOracles(stage: Stage): Oracles {
  const { faulty, faults, parameters, world } = stage;
  const { n } = faults;
  const liars = faults.kind === "hybrid" ? withoutRotten(stage) : faulty;
  const { quorum, fast, vouched, stable } = stage.majorities;
  const partitioned = (): boolean => stage.partitioned;
  const genuine = genuineOf(stage);
  const members = membershipsOf(stage);
  const model = new SequentialModel({
    n,
    faulty,
    partitioned,
    isGenuine: (request) => genuine.has(request),
    isWished: (wish) => genuine.hasWish(wish),
    members,
  });
  const votes = new VoteLedger(n, quorum, members, faults.kind === "hybrid");
  const certified = { n, faulty, votes, quorum, vouched, stable };
  const collected = new CollectedProofs({ ...certified, fast });
  const order = new ExpectedOrder({
    n,
    partitioned,
    certified: (instance, seq, replica) => {
      collected.executed(replica, instance, seq);
      return votes.certifiedTo(replica, instance, seq);
    },
    entriesMax: parameters.orderEntriesMax,
    referencesMax: parameters.referencesPerInstanceMax,
  });
  const grown = (entry: LogEntry, replica: ReplicaId): void => {
    order.grow(entry, replica);
    model.grow(entry);
  };
  const log = new GlobalLog({ faulty: liars, partitioned, grown });
  const views = new Views({ n, faulty, position: (replica) => stage.status(replica) });
  const slots = Math.max(parameters.orderWindow, parameters.disseminationWindow);
  const amplification = new Amplification({ n, faulty, slots, partitioned });
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
    collected,
    new Counters({ faulty, durable: (...slot) => stage.durableProposals(...slot) }),
    new Durability((replica) => world.host(replica).disk),
    amplification,
    new Memory({ n, faulty, parameters, holdings: (replica) => stage.holdings(replica) }),
  ];
  return { log, model, votes, views, amplification, members, observers };
}

function genuineOf(stage: Stage): GenuineRequests {
  return new GenuineRequests({
    n: stage.faults.n,
    clientAt: (address) => stage.clientAt(address),
    isSigned: (message) => isSigned(stage, message),
    hostKeys: stage.hostKeys,
  });
}

function membershipsOf(stage: Stage): Memberships {
  const { hostKeys, faults } = stage;
  return new Memberships({ n: faults.n, hostKeys, newest: (replica) => 1 + stage.lost(replica) });
}

/**
 * Faulty replicas whose executions prove nothing. Where every record of the log has a certificate that the disk cannot make up,
 * rot is noticed: a replica may lose what rotted, and must not execute anything else.
 */
function withoutRotten({ faulty, plan }: Stage): ReadonlySet<ReplicaId> {
  const rotten = rottenIn(plan.decisions);
  return new Set([...faulty].filter((replica) => !rotten.has(replica)));
}

function isSigned({ world }: Stage, message: Request | AssignRequest): boolean {
  const { trust } = world;
  const statement =
    message instanceof Request
      ? requestStatement(trust.preamble, message.digest)
      : assignStatement(trust.preamble, message.coordinator, message.nonce);
  return Buffer.compare(trust.clientSigner(message.client)(statement), message.signature) === 0;
}
