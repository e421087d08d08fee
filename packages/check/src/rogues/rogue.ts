import type { Digest, Micros, ReplicaId } from "@destiny/core/kernel/ids";
import {
  type ClientMessage,
  decodeClientMessage,
  encodeClientMessage,
} from "@destiny/core/wire/client-protocol";
import { AssignRequest } from "@destiny/core/wire/messages";
import { Request } from "@destiny/core/wire/request";
import { assignStatement, requestStatement } from "@destiny/core/wire/statement";
import { digestOf } from "@destiny/crypto/hash/sha256";
import { CLIENT_INSTANCE } from "@destiny/simulator/cluster/replica-host";
import type { Party, World } from "@destiny/simulator/cluster/world";
import type { Address } from "@destiny/simulator/network/latency";

/** A client that sends what it likes to whom it likes, and heeds no answer. It has its own key and nobody else's. */
export class Rogue implements Party {
  readonly key: Digest;
  readonly #world: World;
  readonly #address: Address;
  readonly #sign: (statement: Uint8Array) => Uint8Array;
  #stopped = false;

  constructor(world: World, key: Digest) {
    this.key = key;
    this.#world = world;
    this.#sign = world.trust.clientSigner(key);
    this.#address = world.join(this);
  }

  onReply(): void {
    // It does not matter to it.
  }

  /** Sends nothing more. */
  stop(): void {
    this.#stopped = true;
  }

  /** A request in the name of `client`, signed with its own key whoever that is. */
  request(timestamp: number, operations: readonly Uint8Array[], client: Digest = this.key): Request {
    const { preamble } = this.#world.trust;
    return Request.create({ client, timestamp, operations }, digestOf, (digest) =>
      this.#sign(requestStatement(preamble, digest)),
    );
  }

  /** A wish for another coordinator, in the name of `client`. */
  wish(coordinator: ReplicaId, nonce: number, client: Digest = this.key): AssignRequest {
    const signature = this.#sign(assignStatement(this.#world.trust.preamble, coordinator, nonce));
    return new AssignRequest({ client, coordinator, nonce, signature });
  }

  /** Every receiver reads bytes of its own; what no client may send does not get past its edge. */
  send(to: ReplicaId, message: ClientMessage, delay: Micros = 0): void {
    const { engine, network } = this.#world;
    const content = readAtEdge(message);
    if (content === null) return;
    engine.after(delay, () => {
      if (!this.#stopped) network.send({ from: this.#address, to, instance: CLIENT_INSTANCE, content });
    });
  }

  /** Calls again and again, so many times at most. */
  every(period: Micros, times: number, call: () => void): void {
    if (times === 0 || this.#stopped) return;
    call();
    this.#world.engine.after(period, () => this.every(period, times - 1, call));
  }
}

function readAtEdge(message: ClientMessage): ClientMessage | null {
  try {
    return decodeClientMessage(encodeClientMessage(message), digestOf);
  } catch {
    return null;
  }
}
