import { randomBytes } from "node:crypto";
import { join } from "node:path";
import { slotClaim } from "@destiny/core/agreement/linear-hybster/claims";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import { encodeBatch } from "@destiny/core/wire/batch";
import { encodeFrame } from "@destiny/core/wire/codec";
import { LIMITS } from "@destiny/core/wire/limits";
import { MessageKind, Proposal } from "@destiny/core/wire/messages";
import { Counter } from "@destiny/core/wire/statement";
import type { Value } from "@destiny/core/wire/value";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { type SpawnedSigner, spawnSigner } from "@destiny/crypto/trusted/spawn";
import { loadReplicaConfiguration } from "@destiny/node/configuration/replica-configuration";
import type { Mesh } from "@destiny/node/mesh/mesh";
import { openMesh } from "./byzantine-peer.ts";
import { framesAt, framesOfEveryKind, places } from "./hostile-frames.ts";
import { keyOf, requestOf } from "./raw-client.ts";
import type { TestCluster } from "./test-cluster.ts";
import { pause } from "./until.ts";

/** Of a batch of about the largest size. */
const REQUESTS = 3;
const OPERATION_BYTES = 500_000;

/** A replica of which everything is ours but the inside of its trusted signer, and that sends all it can. */
export class Flooder {
  readonly #cluster: TestCluster;
  readonly #id: ReplicaId;
  readonly #mesh: Mesh;
  readonly #signer: SpawnedSigner;

  private constructor(cluster: TestCluster, id: ReplicaId, parts: { mesh: Mesh; signer: SpawnedSigner }) {
    this.#cluster = cluster;
    this.#id = id;
    this.#mesh = parts.mesh;
    this.#signer = parts.signer;
  }

  /** In the place of a replica that does not run. */
  static async open(cluster: TestCluster, id: ReplicaId): Promise<Flooder> {
    const mesh = await openMesh(cluster, id);
    const { signerDirectory } = loadReplicaConfiguration(cluster.local.replicaDirectory(id));
    const signer = await spawnSigner(signerDirectory, { socketPath: join(signerDirectory, "socket") });
    return new Flooder(cluster, id, { mesh, signer });
  }

  /** Bytes sent so far, to all peers together. */
  get bytesSent(): number {
    return this.#mesh.statistics().reduce((sum, { bytesOut }) => sum + bytesOut, 0);
  }

  /**
   * Until the time is over: the largest batches, authentic, for every slot of its window but the first, so that none is ever
   * decided; votes, certificates and every other kind of message for all instances and places; and junk of the largest size.
   */
  async flood(millis: number): Promise<void> {
    const end = performance.now() + millis;
    const { n } = this.#cluster;
    const small = [...framesOfEveryKind(n), ...places(40).flatMap((place) => framesAt(place, n))];
    const window = this.#cluster.local.genesis.parameters.disseminationWindow;
    const large = await this.#windowful(window);
    while (performance.now() < end) {
      for (const frame of small) this.#mesh.broadcast(frame);
      for (const frame of large) this.#mesh.broadcast(frame);
      this.#mesh.broadcast(randomBytes(LIMITS.valueBytesMax));
      await pause(20);
    }
  }

  async close(): Promise<void> {
    await this.#mesh.close();
    await this.#signer.close();
  }

  async #windowful(window: number): Promise<Uint8Array[]> {
    const frames: Uint8Array[] = [];
    for (let seq = 2; seq <= window; seq += 1) frames.push(await this.#prepare(seq, this.#batch(seq)));
    return frames;
  }

  #batch(seq: number): Value {
    const { key, name } = keyOf(this.#cluster.seedAt(this.#id));
    const requests = Array.from({ length: REQUESTS }, (_, index) => {
      const fields = {
        client: name,
        timestamp: seq * REQUESTS + index,
        operations: [randomBytes(OPERATION_BYTES)],
      };
      return requestOf(this.#cluster, key, fields);
    });
    return encodeBatch(requests, digestOf);
  }

  async #prepare(seq: number, value: Value): Promise<Uint8Array> {
    const content = { view: 0, seq, digest: value.digest, extension: 0 };
    const { value: counterValue, message } = slotClaim(this.#id, content);
    const request = { instance: this.#id, counter: Counter.Order, value: counterValue, message };
    const [outcome] = await this.#signer.certify([{ kind: "independent", ...request }]);
    if (outcome?.ok !== true) throw new Error(`the signer refused: ${outcome?.refusal}`);
    const { certificate, share = new Uint8Array(0) } = outcome;
    const draft = { kind: MessageKind.Prepare, view: 0, seq, extension: 0, digest: value.digest };
    return encodeFrame(this.#id, new Proposal({ ...draft, certificate, share, value, evidence: [] }));
  }
}
