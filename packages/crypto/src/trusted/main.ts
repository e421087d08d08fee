import { parseArgs } from "node:util";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { SignerServer } from "./server.ts";
import { Signer } from "./signer.ts";

/** What the parent waits for on standard output. */
const READY = "ready\n";

async function main(): Promise<void> {
  const { directory, socket, parented } = settings();
  const signer = Signer.open(directory, { log, onFailure: die });
  const server = await SignerServer.listen(socket, signer, log);
  let stopping = false;
  const stop = (): void => {
    if (stopping) return;
    stopping = true;
    server
      .close()
      .then(() => signer.close())
      .then(() => process.exit(0), die);
  };
  // Control-C reaches a whole process group: a child leaves it to its parent when to stop.
  process.on("SIGTERM", stop).on("SIGINT", parented ? () => {} : stop);
  if (parented) process.stdin.on("end", stop).on("close", stop).on("error", stop).resume();
  process.stdout.on("error", () => {}); // The parent need not listen.
  process.stdout.write(READY);
}

function settings(): { directory: string; socket: string; parented: boolean } {
  const { values } = parseArgs({
    options: {
      dir: { type: "string" },
      socket: { type: "string" },
      // For who starts us as a child: its end of our standard input closes when it dies, however it dies.
      "exit-with-stdin": { type: "boolean", default: false },
    },
  });
  const { dir, socket } = values;
  if (dir === undefined || socket === undefined) {
    throw new ConfigurationError("usage: main.js --dir DIRECTORY --socket PATH [--exit-with-stdin]");
  }
  return { directory: dir, socket, parented: values["exit-with-stdin"] };
}

function log(line: string): void {
  process.stderr.write(`signer: ${line}\n`);
}

function die(cause: unknown): never {
  log(cause instanceof ConfigurationError ? cause.message : `stopped: ${describe(cause)}`);
  process.exit(1);
}

function describe(cause: unknown): string {
  return cause instanceof Error ? (cause.stack ?? cause.message) : String(cause);
}

main().catch(die);
