import type { Micros } from "@destiny/core/kernel/ids";
import { present } from "@destiny/core/kernel/invariant";
import type { Submission } from "@destiny/simulator/clients/client";
import { checkHistory, describeVerdict } from "../linearizability/check-history.ts";
import type { Action, Operation, Outcome } from "../linearizability/history.ts";
import { flawOf } from "../linearizability/witness.ts";
import { readOperation, Tag } from "../plan/operations.ts";
import type { Stage } from "../stage/stage.ts";
import { type SequentialModel, sameResults } from "./sequential-model.ts";
import { demand } from "./violation.ts";

/** For each key. A witness makes a longer search needless. */
const STEPS_MAX = 200_000;

interface Placed {
  readonly position: number;
  readonly operations: readonly Operation[];
}

/**
 * S11 and S12, at the end of a run: what clients believed is what one machine would have answered, in an order that agrees
 * with real time. The order of execution is tried as a witness first, and then a search that knows nothing of it.
 */
export function checkClients(stage: Stage, model: SequentialModel): void {
  const placed: Placed[] = [];
  const open: Operation[] = [];
  for (const [number, client] of stage.clients.entries()) {
    let idle = 0;
    for (const submission of client.submissions) {
      // One at a time: what waits for an answer to the one before is not asked for yet.
      const invoked = Math.max(submission.submittedAt, idle);
      const operations = operationsOf(`${number}`, submission, invoked);
      idle = submission.answeredAt ?? idle;
      if (submission.answeredAt === null) {
        open.push(...operations);
        continue;
      }
      const answer = model.answer(client.key, submission.timestamp);
      demand(
        answer !== undefined && sameResults(answer.results, submission.results ?? []),
        "S11 reply",
        () =>
          `client ${number} believes an answer to request ${submission.timestamp} that is not the model's`,
      );
      placed.push({ position: answer.position, operations });
    }
  }
  const order = placed.sort((a, b) => a.position - b.position).flatMap(({ operations }) => operations);
  // What was executed and never answered has changed the state all the same: then there is no witness.
  // Rogue clients have keys of their own, and no part in this.
  const executed = stage.clients.reduce((sum, { key }) => sum + model.executedFor(key), 0);
  const witnessed = placed.length === executed;
  const flaw = witnessed ? flawOf(order) : null;
  demand(flaw === null, "S12 linearizability", () => flaw ?? "");
  const verdict = checkHistory([...order, ...open], { stepsMax: STEPS_MAX });
  const proven = verdict.type === "linearizable" || (verdict.type === "unknown" && witnessed);
  demand(proven, "S12 linearizability", () => describeVerdict(verdict));
}

function operationsOf(client: string, submission: Submission, invoked: Micros): readonly Operation[] {
  const { answeredAt: returned, results } = submission;
  return submission.operations.map((bytes, index) => {
    const { tag, key, value } = present(readOperation(bytes), "an operation of the plan");
    const result = results?.[index];
    const outcome = result === undefined ? null : outcomeOf(tag, result);
    const action = actionOf(tag, tag === Tag.Put ? u32(value, 0) : 0);
    return { client, key, action, invoked, returned, outcome };
  });
}

function actionOf(tag: number, value: number): Action {
  if (tag === Tag.Put) return { type: "put", value: `${value}` };
  return { type: tag === Tag.Get ? "get" : "delete" };
}

/** Byte 0 says that it was done, byte 1 whether there was a value, and a get's value follows. */
function outcomeOf(tag: number, result: Uint8Array): Outcome {
  const existed = result[1] === 1;
  if (tag !== Tag.Get) return { type: "changed", existed };
  if (!existed) return { type: "found", value: null };
  return { type: "found", value: `${u32(result, 2)}` };
}

function u32(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.length).getUint32(at, true);
}
