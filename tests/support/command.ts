import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";

const ENTRY = fileURLToPath(new URL("../../packages/cli/dist/main.js", import.meta.url));

/** What a run of the command line said, and how it ended. */
export interface Ran {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** A run of the command line that goes on until it is told to stop. */
export class Command {
  readonly child: ChildProcess;
  stdout: string = "";
  stderr: string = "";
  readonly #closed: Promise<unknown>;

  /** Settings of the environment are the tester's own business: the commands get none of them. */
  constructor(args: readonly string[]) {
    const { DESTINY_DIR: _, DESTINY_CONNECT: __, ...env } = process.env;
    this.child = spawn(process.execPath, [ENTRY, ...args], { stdio: ["ignore", "pipe", "pipe"], env });
    this.#closed = once(this.child, "close");
    this.child.stdout?.setEncoding("utf8").on("data", (text: string) => {
      this.stdout += text;
    });
    this.child.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.stderr += text;
    });
  }

  /** Waits for the end. */
  async end(): Promise<Ran> {
    await this.#closed;
    return { code: this.child.exitCode, stdout: this.stdout, stderr: this.stderr };
  }

  /** Presses Ctrl-C, so to speak, and waits for the end. */
  async interrupt(): Promise<Ran> {
    this.child.kill("SIGINT");
    return this.end();
  }
}

/** Runs a command to its end. */
export function destiny(...args: readonly string[]): Promise<Ran> {
  return new Command(args).end();
}
