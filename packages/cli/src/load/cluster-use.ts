import { childrenOf, resourceUse } from "@destiny/node/cluster/resource-use";

/** What one replica and its trusted signer used. */
export interface ReplicaUse {
  readonly replica: number;
  readonly cpuSeconds: number;
  readonly signerCpuSeconds: number;
  /** Memory in use at the end, without the signer's. */
  readonly residentBytes: number;
}

/** Looks at what replicas use, from the outside: their processes are not disturbed. */
export class ClusterUse {
  readonly #pids: ReadonlyMap<number, number>;
  readonly #signers: ReadonlyMap<number, readonly number[]>;
  #begun: ReadonlyMap<number, ReplicaUse> = new Map();
  #used: readonly ReplicaUse[] = [];

  /** The process of each replica. */
  constructor(pids: ReadonlyMap<number, number>) {
    this.#pids = pids;
    this.#signers = new Map([...pids].map(([id, pid]) => [id, childrenOf(pid)]));
  }

  /** What is used from here on counts. */
  begin(): void {
    this.#begun = new Map(this.#look().map((use) => [use.replica, use]));
  }

  /** What has been used up to here counts. */
  end(): void {
    this.#used = this.#look().map((use) => {
      const begun = this.#begun.get(use.replica);
      return {
        ...use,
        cpuSeconds: hundredths(use.cpuSeconds - (begun?.cpuSeconds ?? 0)),
        signerCpuSeconds: hundredths(use.signerCpuSeconds - (begun?.signerCpuSeconds ?? 0)),
      };
    });
  }

  /** What was used between the two. Empty where the system does not tell. */
  get used(): readonly ReplicaUse[] {
    return this.#used;
  }

  /** Memory in use now, in bytes, by replica. */
  resident(): readonly number[] {
    return [...this.#pids.values()].map((pid) => resourceUse(pid)?.residentBytes ?? 0);
  }

  #look(): ReplicaUse[] {
    return [...this.#pids].flatMap(([replica, pid]) => {
      const own = resourceUse(pid);
      if (own === null) return [];
      const signers = (this.#signers.get(replica) ?? []).map((id) => resourceUse(id)?.cpuSeconds ?? 0);
      const signerCpuSeconds = signers.reduce((sum, each) => sum + each, 0);
      return [{ replica, cpuSeconds: own.cpuSeconds, signerCpuSeconds, residentBytes: own.residentBytes }];
    });
  }
}

function hundredths(value: number): number {
  return Math.round(value * 100) / 100;
}
