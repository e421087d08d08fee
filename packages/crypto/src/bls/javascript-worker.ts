import { parentPort } from "node:worker_threads";
import { present } from "@destiny/core/kernel/invariant";
import { checkAll, signStatement } from "./curve.ts";
import type { Answer, Job } from "./javascript.ts";

// The thread of the pure JavaScript back end: one job after the other, in order.

const port = present(parentPort, "runs as a worker thread");
port.on("message", ({ id, checks, signing }: Job) => {
  const shares = signing?.statements.map((statement) =>
    signStatement(signing.secret, signing.domain, statement),
  );
  const answer: Answer = { id, results: shares ?? checkAll(checks) };
  port.postMessage(answer);
});
