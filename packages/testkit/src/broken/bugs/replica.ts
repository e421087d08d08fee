import { DESTINY_3, HYBSTER_3, type PlantedBug, SIMULATION, unitTest } from "../planted-bug.ts";

const EXECUTOR = "packages/core/src/replica/executor.ts";
const CLIENT_TABLE = "packages/core/src/replica/client-table.ts";
const CLIENT_DESK = "packages/core/src/replica/client-desk.ts";
const CHECKPOINTS = "packages/core/src/replica/checkpoints.ts";
const ANCHORS = "packages/core/src/replica/anchors.ts";
const PROOFS = "packages/core/src/replica/execution-proofs.ts";
const REPLICA = "packages/core/src/replica/replica.ts";
const PROOFS_TEST = "packages/core/src/replica/execution-proofs.test.ts";
const HOLES = "packages/testkit/src/holes/first-view.test.ts";

/** Execution, clients, proofs and checkpoints. */
export const REPLICA_BUGS: readonly PlantedBug[] = [
  {
    id: "no-client-table",
    title: "executes a command every time it is ordered",
    source: "dqbft.md 14, no client table (H10); S4",
    edits: [
      {
        file: EXECUTOR,
        find: "if (request.timestamp <= last || !this.#isEffective(request, delivery.coordinator)) continue;",
        replace: "if (!this.#isEffective(request, delivery.coordinator)) continue;",
      },
      {
        file: CLIENT_TABLE,
        find: 'invariant(reply.timestamp > record.last, "a client\'s requests execute in the order of their timestamps");\n    record.last = reply.timestamp;',
        replace: "record.last = Math.max(record.last, reply.timestamp);",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "any-coordinator-counts",
    title: "executes a command whoever proposed it, not only where its client is assigned",
    source: "H10",
    edits: [
      {
        file: EXECUTOR,
        find: "return !partitioned || clients.coordinator(request.client) === coordinator;",
        replace: "return !partitioned || coordinator >= 0;",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(HOLES, "H10"),
  },
  {
    id: "assign-per-nonce-ignored",
    title: "executes an old assignment of a client again",
    source: "H10; H13",
    edits: [{ file: CLIENT_TABLE, find: "if (nonce <= this.nonce(client)) return false;", replace: "" }],
    ...DESTINY_3,
    caughtBy: unitTest(
      "packages/core/src/replica/client-table.test.ts",
      "an assignment needs a higher nonce",
    ),
  },
  {
    id: "client-table-not-in-state",
    title:
      "a page of the client table says nothing of the last timestamps: after a restart commands execute again",
    source: "H10; S13",
    edits: [
      {
        file: CLIENT_TABLE,
        find: "out.digest(client).u48(record.last).u48(record.nonce);",
        replace: "out.digest(client).u48(0).u48(record.nonce);",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "dirty-page-forgotten",
    title: "a client that executes for the second time does not mark its page: checkpoints differ",
    source: "S10; S13",
    edits: [
      {
        file: CLIENT_TABLE,
        find: "this.#dirty.add(index);\n    const found = this.#find(client);\n    if (found !== undefined) return found;",
        replace:
          "const found = this.#find(client);\n    if (found !== undefined) return found;\n    this.#dirty.add(index);",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "gc-before-stable",
    title: "forgets slots as soon as it has taken a checkpoint, before anybody else vouches for it",
    source: "reliability programme 2.4, garbage collection too early; S10",
    edits: [
      {
        file: ANCHORS,
        find: "for (const seq of this.#openings.keys()) if (seq <= anchor.seq) newest = Math.max(newest, seq);",
        replace: "for (const seq of this.#openings.keys()) newest = Math.max(newest, seq);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/replica/anchors.test.ts", "an anchor of a peer covers"),
  },
  {
    id: "checkpoint-share-lost",
    title:
      "sends its share of a checkpoint once, to one collector: if that one is down, no checkpoint is stable again",
    source: "linear-hybster.md 5",
    edits: [
      {
        file: CHECKPOINTS,
        find: "      if (checkpoint.age <= 1) continue;",
        replace: "      if (checkpoint.age >= 1) continue;",
      },
    ],
    ...HYBSTER_3,
    caughtBy: unitTest("packages/core/src/replica/checkpoints.test.ts", "the ladder"),
  },
  {
    id: "execution-share-lost",
    title:
      "sends its share of an execution once, to one collector: if that one is down, its client waits for ever",
    source: "linear-hybster.md 5; paper 4.3.2",
    edits: [
      {
        file: PROOFS,
        find: "if (entry.age > 1) this.#climb(entry, new ExecSig({ seq, entry: index, root: execution.root, share }));",
        replace: "",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(PROOFS_TEST, "the ladder"),
  },
  {
    id: "proof-of-other-result",
    title: "takes a proof of execution from a collector for another result than its own",
    source: "S11",
    edits: [
      {
        file: PROOFS,
        find: "if (entry.execution?.root !== proof.root) {",
        replace: "if (entry.execution === null) {",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(PROOFS_TEST, "a proof of other results"),
  },
  {
    id: "given-back-batch-lost",
    title: "does not propose again what a batch of its own did not execute",
    source: "dqbft.md 14, no re-queue at home",
    edits: [
      {
        file: REPLICA,
        find: "if (delivery.coordinator === self) this.#desk.onDelivered(requestsOf(delivery.value, hash));",
        replace: "",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/testkit/src/holes/first-view.test.ts", "H10: what clients left behind"),
  },
  {
    id: "other-request-same-timestamp",
    title: "answers a request with the reply to another one of the same timestamp",
    source: "S11",
    edits: [
      {
        file: CLIENT_DESK,
        find: "if (kept.request !== request.digest) return this.#refuse(request, RefusalCode.TimestampUsed);",
        replace: "",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest("packages/core/src/replica/replica.test.ts", "requests are refused for a reason"),
  },
  {
    id: "status-for-status",
    title: "answers a peer's status with its own",
    source: "reliability programme, L8",
    edits: [
      {
        file: "packages/core/src/replica/status-exchange.ts",
        find: "this.#orderer.pursue(from, status);",
        replace: "this.#orderer.pursue(from, status);\n    this.announce();",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "assign-to-nobody",
    title: "lets a client move to a coordinator that does not exist",
    source: "DQBFT 3.2.6; S11",
    edits: [
      {
        file: "packages/core/src/replica/executor.ts",
        find: "if (request.valid !== true || request.coordinator >= n ||",
        replace: "if (request.valid !== true ||",
      },
    ],
    ...DESTINY_3,
    caughtBy: SIMULATION,
  },
  {
    id: "statuses-kept",
    title: "keeps every status that a peer sends",
    source: "reliability programme, S14",
    edits: [
      {
        file: "packages/core/src/replica/status-exchange.ts",
        find: "readonly #pulls = new Map<ReplicaId, number>();",
        replace: "readonly #pulls = new Map<ReplicaId, number>();\n  readonly #kept: Status[] = [];",
      },
      {
        file: "packages/core/src/replica/status-exchange.ts",
        find: "this.#furthest = Math.max(this.#furthest, status.executed);",
        replace: "this.#furthest = Math.max(this.#furthest, status.executed);\n    this.#kept.push(status);",
      },
    ],
    ...DESTINY_3,
    caughtBy: unitTest(
      "packages/check/src/run/retention.test.ts",
      "S14, as the garbage collector finds it: destiny",
    ),
  },
];
