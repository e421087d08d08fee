import type { Digest, ReplicaId, SequenceNumber, View } from "@destiny/core/kernel/ids";
import { demand } from "./violation.ts";

/** Boot epoch of every trusted subsystem at first. */
const FIRST_EPOCH = 1;
/** Slots between two admissions of one replica, at first; doubles with each (hybster.md 10.1). */
const BACK_OFF = 8;

/** A trusted subsystem of a replica, and since when it speaks for it. */
interface Identity {
  readonly epoch: number;
  readonly configuration: number;
  /** Slot whose execution admitted it; none of the genesis. */
  readonly seq: SequenceNumber | null;
}

/** What a request asks for: that a new subsystem takes the place of the one of an epoch. */
export interface Wish {
  readonly replica: ReplicaId;
  readonly predecessor: number;
  readonly epoch: number;
  /** Whether the edge found what the subsystem says of itself to be in order. */
  readonly valid: boolean;
}

export interface MembershipsOptions {
  readonly n: number;
  /** By replica: whose requests can admit its subsystem. */
  readonly hostKeys: readonly Digest[];
  /** Boot epoch of the newest subsystem that the replica has really had. */
  readonly newest: (replica: ReplicaId) => number;
}

/** Which trusted subsystem speaks for a replica in which views, by what the one log says, restated from hybster.md 10.1. */
export class Memberships {
  /** Admissions executed. */
  configuration = 0;
  readonly #options: MembershipsOptions;
  readonly #identities: Identity[][];
  readonly #changed: (() => void)[] = [];

  constructor(options: MembershipsOptions) {
    this.#options = options;
    const first = { epoch: FIRST_EPOCH, configuration: 0, seq: null };
    this.#identities = Array.from({ length: options.n }, () => [first]);
  }

  /** A cluster in which nobody is ever admitted again. */
  static fixed(n: number): Memberships {
    return new Memberships({ n, hostKeys: [], newest: () => FIRST_EPOCH });
  }

  /** Calls after each admission. */
  onChange(call: () => void): void {
    this.#changed.push(call);
  }

  /** Whose host key it is; null if it is none. */
  hostOf(key: Digest): ReplicaId | null {
    const index = this.#options.hostKeys.indexOf(key);
    return index < 0 ? null : index;
  }

  /** Number of the configuration whose view it is: views of each are as many as fit into 32 bits, a multiple of n. */
  configurationOf(view: View): number {
    const { n } = this.#options;
    return Math.floor(view / (2 ** 32 - (2 ** 32 % n)));
  }

  /** Whether that subsystem speaks for the replica in the view. To be asked about configurations that the log has come to. */
  speaks(replica: ReplicaId, epoch: number, view: View): boolean {
    const configuration = this.configurationOf(view);
    return (
      this.#identities[replica]?.findLast((each) => each.configuration <= configuration)?.epoch === epoch
    );
  }

  /** The log admits a subsystem, if everything is in order. Whether it did. `host` has signed the request. */
  execute(host: ReplicaId, wish: Wish, seq: SequenceNumber): boolean {
    const identities = this.#identities[host];
    const present = identities?.at(-1);
    if (identities === undefined || present === undefined || !isInOrder(host, wish, identities)) return false;
    const admissions = identities.length - 1;
    if (present.seq !== null && seq < present.seq + BACK_OFF * 2 ** (admissions - 1)) return false;
    demand(
      wish.epoch <= this.#options.newest(host),
      "S3 certificate soundness",
      () => `a subsystem of replica ${host} is admitted that it never had: epoch ${wish.epoch}`,
    );
    this.configuration += 1;
    identities.push({ epoch: wish.epoch, configuration: this.configuration, seq });
    for (const call of this.#changed) call();
    return true;
  }
}

function isInOrder(host: ReplicaId, wish: Wish, identities: readonly Identity[]): boolean {
  const isNew = identities.every(({ epoch }) => epoch !== wish.epoch);
  return wish.valid && wish.replica === host && wish.predecessor === identities.at(-1)?.epoch && isNew;
}
