import { connect, type TLSSocket } from "node:tls";
import { CLIENT_PROTOCOL } from "@destiny/client/replica-link";
import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import {
  type ClientMessage,
  decodeReplicaMessage,
  encodeClientMessage,
  REPLY_BYTES_MAX,
  type ReplicaMessage,
} from "@destiny/core/wire/client-protocol";
import { encodeFrame, FrameParser } from "@destiny/core/wire/frame-parser";
import { toDigest } from "@destiny/core/wire/reader";
import { Request } from "@destiny/core/wire/request";
import { requestStatement } from "@destiny/core/wire/statement";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { type Ed25519Key, openEd25519 } from "@destiny/crypto/signatures/ed25519";
import type { TestCluster } from "./test-cluster.ts";
import { until } from "./until.ts";

/** A connection to a replica's port for clients that sends whatever a test wants. */
export class RawClient {
  readonly received: ReplicaMessage[] = [];
  readonly #socket: TLSSocket;

  private constructor(socket: TLSSocket) {
    this.#socket = socket;
    const parser = new FrameParser(REPLY_BYTES_MAX, (frame) =>
      this.received.push(decodeReplicaMessage(frame)),
    );
    socket.on("data", (chunk: Buffer) => parser.push(chunk));
    socket.on("error", () => undefined);
  }

  static async open(cluster: TestCluster, replica: ReplicaId): Promise<RawClient> {
    const address = cluster.local.description.replicas[replica];
    if (address === undefined) throw new Error(`there is no replica ${replica}`);
    const socket = connect({
      host: address.clientHost,
      port: address.clientPort,
      ALPNProtocols: [CLIENT_PROTOCOL],
      rejectUnauthorized: false,
    });
    await new Promise((resolve, reject) => socket.once("secureConnect", resolve).once("error", reject));
    return new RawClient(socket);
  }

  /** The same, past its hello in this client's name. */
  static async greet(cluster: TestCluster, replica: ReplicaId, client: Digest): Promise<RawClient> {
    const raw = await RawClient.open(cluster, replica);
    raw.send({ type: "hello", cluster: cluster.local.description.cluster, client });
    await until("a welcome", () => raw.received.some(({ type }) => type === "welcome"));
    return raw;
  }

  get ended(): boolean {
    return this.#socket.destroyed || this.#socket.readableEnded;
  }

  send(message: ClientMessage): void {
    this.write(encodeFrame(encodeClientMessage(message)));
  }

  write(bytes: Uint8Array): void {
    this.#socket.write(bytes);
  }

  close(): void {
    this.#socket.destroy();
  }
}

/** A client's key of this seed. */
export function keyOf(seed: Uint8Array): { readonly key: Ed25519Key; readonly name: Digest } {
  const key = openEd25519().keyFromSeed(seed);
  return { key, name: toDigest(key.publicKey) };
}

/** A request in the name of `client`, signed by whoever has `key`. */
export function requestOf(
  cluster: TestCluster,
  key: Ed25519Key,
  fields: { readonly client: Digest; readonly timestamp: number; readonly operations: readonly Uint8Array[] },
): Request {
  return Request.create(fields, digestOf, (digest) =>
    key.sign(requestStatement(cluster.local.description, digest)),
  );
}
