import { Generator } from "./generator.ts";
import type { FromGenerator, GeneratorPlan, ToGenerator } from "./protocol.ts";

const SAMPLE_MILLIS = 100;

let generator: Generator | undefined;
let sampling: NodeJS.Timeout | undefined;

process.on("message", (message: ToGenerator) => {
  void handle(message).catch((error: unknown) => {
    tell({ type: "failed", message: error instanceof Error ? error.message : String(error) });
  });
});
// Without a parent nobody wants the load. Signals to the whole group are for the parent: it tells us.
process.on("disconnect", () => process.exit(1));
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(name, () => undefined);

async function handle(message: ToGenerator): Promise<void> {
  switch (message.type) {
    case "plan":
      return open(message.plan);
    case "go":
      return go();
    case "stop":
      return stop();
  }
}

async function open(plan: GeneratorPlan): Promise<void> {
  generator = await Generator.open(plan, (line) => process.stderr.write(`${line}\n`));
  tell({ type: "connected" });
}

function go(): void {
  generator?.sample();
  generator?.go();
  sampling = setInterval(tellSample, SAMPLE_MILLIS);
}

async function stop(): Promise<void> {
  await generator?.stop();
  clearInterval(sampling);
  tellSample();
  tell({ type: "done", misbehaviour: generator?.misbehaviour ?? 0 });
  await generator?.close();
  process.disconnect();
}

function tellSample(): void {
  if (generator !== undefined) tell({ type: "sample", sample: generator.sample() });
}

function tell(message: FromGenerator): void {
  if (process.connected) process.send?.(message);
}
