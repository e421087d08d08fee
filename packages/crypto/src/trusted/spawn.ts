import { type ChildProcessByStdio, spawn } from "node:child_process";
import { once } from "node:events";
import type { Readable, Writable } from "node:stream";
import { fileURLToPath } from "node:url";
import { connectSigner } from "./client.ts";
import type { CertifyOutcome, CertifyRequest } from "./request.ts";
import type { SignerBirth } from "./signer-directory.ts";
import {
  type Attestation,
  SignerUnavailable,
  type SubsystemDescription,
  type TrustedSubsystem,
  type TrustTier,
} from "./subsystem.ts";

type Child = ChildProcessByStdio<Writable, Readable, Readable>;

/** How to start a signer's process. */
export interface SpawnOptions {
  /** Where the signer listens; its directory is made, or must be, of mode 0700. */
  readonly socketPath: string;
  /** What the signer is made for if its directory is empty; then it must not be, if absent. */
  readonly birth?: SignerBirth | undefined;
  /** Gets what the signer says, in chunks of text; our own standard error if absent. */
  readonly onLog?: (text: string) => void;
  /** For how long the signer may take to start, and to stop; 10,000 if absent. */
  readonly timeoutMillis?: number;
}

/** A signer in a process of our own. `close` ends the process too. */
export interface SpawnedSigner extends TrustedSubsystem {
  readonly pid: number;
  /** Resolves when the process has ended, with its exit code, or null if a signal ended it. */
  readonly exited: Promise<number | null>;
}

/**
 * Starts the signer of `directory` in its own process (tier T1) and connects to it. The process ends with ours. Rejects
 * with {@link SignerUnavailable} if it does not get ready; what is wrong is then in its log.
 */
export async function spawnSigner(directory: string, options: SpawnOptions): Promise<SpawnedSigner> {
  const timeoutMillis = options.timeoutMillis ?? 10_000;
  const child = start(directory, options);
  const exited = once(child, "exit").then(([code]) => code as number | null);
  try {
    await ready(child, exited, timeoutMillis);
    const connection = await connectSigner(options.socketPath, { timeoutMillis });
    return new ChildSigner(child, exited, connection, timeoutMillis);
  } catch (error) {
    child.kill("SIGKILL");
    throw error;
  }
}

class ChildSigner implements SpawnedSigner {
  readonly exited: Promise<number | null>;
  readonly #child: Child;
  readonly #connection: TrustedSubsystem;
  readonly #timeoutMillis: number;

  constructor(
    child: Child,
    exited: Promise<number | null>,
    connection: TrustedSubsystem,
    timeoutMillis: number,
  ) {
    this.exited = exited;
    this.#child = child;
    this.#connection = connection;
    this.#timeoutMillis = timeoutMillis;
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  get tier(): TrustTier {
    return this.#connection.tier;
  }

  get description(): SubsystemDescription {
    return this.#connection.description;
  }

  certify(requests: readonly CertifyRequest[]): Promise<readonly CertifyOutcome[]> {
    return this.#connection.certify(requests);
  }

  attest(nonce: Uint8Array): Promise<Attestation> {
    return this.#connection.attest(nonce);
  }

  async close(): Promise<void> {
    await this.#connection.close();
    this.#child.stdin.end();
    const late = setTimeout(() => this.#child.kill("SIGKILL"), this.#timeoutMillis);
    await this.exited;
    clearTimeout(late);
  }
}

function start(directory: string, options: SpawnOptions): Child {
  const args = [entryPath(), "--dir", directory, "--socket", options.socketPath, "--exit-with-stdin"];
  if (options.birth !== undefined) args.push("--birth", JSON.stringify(options.birth));
  const child = spawn(process.execPath, args, { stdio: ["pipe", "pipe", "pipe"] });
  const onLog = options.onLog ?? ((text: string) => void process.stderr.write(text));
  child.stderr.setEncoding("utf8").on("data", onLog);
  child.stdin.on("error", () => {}); // It ended; `exited` tells.
  return child;
}

/** Beside us, as compiled: sources, which tests run from, are nothing that Node could start. */
function entryPath(): string {
  const compiled = import.meta.url.endsWith(".ts") ? "../../dist/trusted/main.js" : "./main.js";
  return fileURLToPath(new URL(compiled, import.meta.url));
}

/** The signer says one word on its standard output once it listens. */
function ready(child: Child, exited: Promise<number | null>, timeoutMillis: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const lost = (why: string): void => reject(new SignerUnavailable(`the signer's process ${why}`));
    const late = setTimeout(() => lost(`was not ready after ${timeoutMillis} ms`), timeoutMillis);
    child.stdout.once("data", () => {
      clearTimeout(late);
      resolve();
    });
    exited.then(
      (code) => {
        clearTimeout(late);
        lost(`ended with ${code ?? "a signal"}, see its log`);
      },
      (error: Error) => {
        clearTimeout(late);
        lost(`did not start: ${error.message}`);
      },
    );
  });
}
