import type { ReplicaId } from "@destiny/core/kernel/ids";
import type { SessionPort } from "./session-port.ts";

type LinkState = "dialling" | "up" | "down";

/** Which replicas a session has links to. */
export class Links {
  readonly #n: number;
  readonly #port: Pick<SessionPort, "dial">;
  readonly #states = new Map<ReplicaId, LinkState>();

  constructor(n: number, port: Pick<SessionPort, "dial">) {
    this.#n = n;
    this.#port = port;
  }

  isUp(replica: ReplicaId): boolean {
    return this.#states.get(replica) === "up";
  }

  /** Whether the link broke or could not be opened; not if its first attempt is still under way. */
  isDown(replica: ReplicaId): boolean {
    return this.#states.get(replica) === "down";
  }

  /** The replicas whose links are up, in ascending order. */
  up(): ReplicaId[] {
    const up = [...this.#states].filter(([, state]) => state === "up").map(([replica]) => replica);
    return up.sort((a, b) => a - b);
  }

  set(replica: ReplicaId, state: "up" | "down"): void {
    this.#states.set(replica, state);
  }

  dial(replica: ReplicaId): void {
    if (this.#states.has(replica)) return;
    this.#states.set(replica, "dialling");
    this.#port.dial(replica);
  }

  dialAll(): void {
    for (let replica = 0; replica < this.#n; replica += 1) this.dial(replica);
  }
}
