import { parseArgs } from "node:util";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { openBls } from "../bls/open.ts";
import { SignerServer } from "./server.ts";
import { Signer } from "./signer.ts";
import { bearSigner, type SignerBirth } from "./signer-directory.ts";

/** What the parent waits for on standard output. */
const READY = "ready\n";

async function main(): Promise<void> {
  const { directory, socket, parented, birth } = settings();
  if (birth !== undefined) await bear(directory, birth);
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

/** Secrets are drawn in this process, and known to no other. */
async function bear(directory: string, birth: SignerBirth): Promise<void> {
  const backend = openBls(log);
  try {
    if (bearSigner(directory, birth, backend))
      log(`${directory} was empty: a new identity, which has to be admitted`);
  } finally {
    await backend.close();
  }
}

function settings(): {
  directory: string;
  socket: string;
  parented: boolean;
  birth: SignerBirth | undefined;
} {
  const { values } = parseArgs({
    options: {
      dir: { type: "string" },
      socket: { type: "string" },
      // For who starts us as a child: its end of our standard input closes when it dies, however it dies.
      "exit-with-stdin": { type: "boolean", default: false },
      // What to be, in JSON, if the directory is empty.
      birth: { type: "string" },
    },
  });
  const { dir, socket } = values;
  if (dir === undefined || socket === undefined) {
    throw new ConfigurationError("usage: main.js --dir DIRECTORY --socket PATH [--exit-with-stdin]");
  }
  const birth = values.birth === undefined ? undefined : (JSON.parse(values.birth) as SignerBirth);
  return { directory: dir, socket, parented: values["exit-with-stdin"], birth };
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
