import type { ClusterDescription } from "./cluster-description.ts";
import type { LinkPool } from "./link-pool.ts";
import type { ProofVerifier } from "./proof-verifier.ts";

/** What {@link connect} takes. Times in milliseconds. */
export interface ConnectOptions {
  readonly cluster: ClusterDescription;
  /**
   * Seed of the client's Ed25519 key, 32 bytes; without one, a new key is made, for clusters that admit anyone. One
   * process at a time may use a key.
   */
  readonly seed?: Uint8Array;
  /** Default for {@link SubmitOptions.deadlineMillis}: 30,000. */
  readonly deadlineMillis?: number;
  /** How long to try to reach the cluster before `connect` rejects: 10,000. */
  readonly connectMillis?: number;
  /** Requests under way at once, 8 or fewer if the cluster allows fewer. */
  readonly pipeline?: number;
  /** Submissions that may wait for their turn: 1024. */
  readonly queueMax?: number;
  /** How long to wait for a reply before trying harder for the first time: 1000. */
  readonly retryMillis?: number;
  /** Longest time between two attempts: 8000. */
  readonly retryMaxMillis?: number;
  /** Verifies proofs, shared with other clients; the caller closes it. Without one, the client opens its own. */
  readonly proofs?: ProofVerifier;
  /** Connections, shared with other clients of this process. Without it, the client has its own. */
  readonly links?: LinkPool;
  /** Told once if verifying proofs will be slow here. */
  readonly log?: (line: string) => void;
}

/** Of one submission. */
export interface SubmitOptions {
  /** The promise settles by then, one way or another. In milliseconds from now. */
  readonly deadlineMillis?: number;
  /** Gives the submission up: the promise rejects with the signal's reason. */
  readonly signal?: AbortSignal;
}

/** The options that have defaults, filled in. */
export type FullOptions = Required<Pick<ConnectOptions, keyof typeof DEFAULTS>>;

const DEFAULTS = {
  deadlineMillis: 30_000,
  connectMillis: 10_000,
  pipeline: 8,
  queueMax: 1024,
  retryMillis: 1000,
  retryMaxMillis: 8000,
} as const;

/** Longest time that a timer holds. */
const MILLIS_MAX = 2 ** 31 - 1;

/** Fills in the defaults. Throws `RangeError` for what is not a positive number in range. */
export function withDefaults(options: ConnectOptions): FullOptions {
  const pipeline = Math.min(whole(options, "pipeline"), options.cluster.pipeline);
  return {
    deadlineMillis: whole(options, "deadlineMillis"),
    connectMillis: whole(options, "connectMillis"),
    pipeline,
    queueMax: whole(options, "queueMax"),
    retryMillis: whole(options, "retryMillis"),
    retryMaxMillis: whole(options, "retryMaxMillis"),
  };
}

/** A time span that a caller gave. Throws `RangeError` unless it is positive and a timer can hold it. */
export function checkMillis(name: string, millis: number): number {
  if (!(millis > 0 && millis <= MILLIS_MAX)) {
    throw new RangeError(`${name} must be above 0 and at most ${MILLIS_MAX}, not ${millis}`);
  }
  return millis;
}

function whole(options: ConnectOptions, name: keyof FullOptions): number {
  const value = checkMillis(name, options[name] ?? DEFAULTS[name]);
  if (!Number.isInteger(value)) throw new RangeError(`${name} must be a whole number, not ${value}`);
  return value;
}
