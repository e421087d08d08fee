import type { AddressInfo } from "node:net";
import { createServer, type Server, type TLSSocket } from "node:tls";
import type { ReplicaAddress } from "@destiny/client/cluster-description";
import { CLIENT_PROTOCOL } from "@destiny/client/replica-link";
import type { ReplicaId } from "@destiny/core/kernel/ids";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeReplicaMessage,
  type ReplicaMessage,
} from "@destiny/core/wire/client-protocol";
import { encodeFrame, FrameParser } from "@destiny/core/wire/frame-parser";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { createReplicaCertificate } from "@destiny/node/identity/certificates";

/** What a fake replica does with a message: `send` answers over the same connection. */
export type Script = (message: ClientMessage, send: (reply: ReplicaMessage | Uint8Array) => void) => void;

const FRAME_BYTES_MAX = 1 << 22;

/** The port that clients connect to, over real TLS on loopback, with a script behind it. */
export class FakeReplica {
  readonly id: ReplicaId;
  readonly address: ReplicaAddress;
  /** What came in, in order. */
  readonly received: ClientMessage[] = [];
  script: Script = () => undefined;
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  private constructor(id: ReplicaId, fingerprint: string, server: Server) {
    this.id = id;
    this.#server = server;
    const { port } = server.address() as AddressInfo;
    this.address = { id, clientHost: "127.0.0.1", clientPort: port, fingerprint };
    server.on("secureConnection", (socket) => this.#serve(socket));
  }

  static async listen(id: ReplicaId): Promise<FakeReplica> {
    const subject = { replica: id, cluster: "fake", hosts: ["127.0.0.1"] };
    const { certPem, keyPem, fingerprint } = await createReplicaCertificate(subject);
    const server = createServer({
      cert: certPem,
      key: keyPem,
      minVersion: "TLSv1.3",
      ALPNProtocols: [CLIENT_PROTOCOL],
    });
    // A client that turns away makes no noise here.
    server.on("tlsClientError", () => undefined);
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
    return new FakeReplica(id, fingerprint, server);
  }

  /** Connections open now. */
  get connections(): number {
    return this.#sockets.size;
  }

  /** Breaks all connections. Clients may come back. */
  cut(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  /** Breaks all connections and takes no more. */
  async close(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  #serve(socket: TLSSocket): void {
    this.#sockets.add(socket);
    socket.on("error", () => undefined);
    socket.once("close", () => this.#sockets.delete(socket));
    const send = (reply: ReplicaMessage | Uint8Array): void => {
      if (socket.writable) {
        socket.write(reply instanceof Uint8Array ? reply : encodeFrame(encodeReplicaMessage(reply)));
      }
    };
    const parser = new FrameParser(FRAME_BYTES_MAX, (frame) => {
      const message = decodeClientMessage(Uint8Array.from(frame), digestOf);
      this.received.push(message);
      this.script(message, send);
    });
    socket.on("data", (chunk: Uint8Array) => parser.push(chunk));
  }
}
