/** What one generator of load is to do. Sent to its process first. */
export interface GeneratorPlan {
  /** The description of the cluster, as JSON. */
  readonly cluster: Record<string, unknown>;
  /** One per client, in hex. */
  readonly seeds: readonly string[];
  /** Commands that one signature covers. */
  readonly bundle: number;
  /** Bytes of each value that is written. */
  readonly payloadBytes: number;
  /** Different keys that are written, over all clients. */
  readonly keys: number;
  readonly deadlineMillis: number;
}

/** What the parent says to a generator. */
export type ToGenerator =
  | { readonly type: "plan"; readonly plan: GeneratorPlan }
  /** Every client submits, one request after the other. */
  | { readonly type: "go" }
  /** No new requests; a last sample comes when those under way are answered. */
  | { readonly type: "stop" };

/** What one generator saw since its last sample. */
export interface LoadSample {
  /** How long that was. */
  readonly millis: number;
  /** Commands whose results were proven, or vouched for by enough replicas. */
  readonly commands: number;
  /** One per request, in microseconds from submission to the verified reply. */
  readonly latenciesMicros: Uint32Array;
  /** By the error's name. */
  readonly errors: ReadonlyMap<string, number>;
  /** Processor time of the generator. */
  readonly cpuMicros: number;
}

/** What a generator says to its parent. */
export type FromGenerator =
  /** All clients are connected. */
  | { readonly type: "connected" }
  | { readonly type: "sample"; readonly sample: LoadSample }
  | {
      readonly type: "done";
      /** Messages of replicas that no correct one sends. */
      readonly misbehaviour: number;
    }
  | { readonly type: "failed"; readonly message: string };
