import type { Digest, ReplicaId } from "@destiny/core/kernel/ids";
import { AssignRequest } from "@destiny/core/wire/messages";
import { toDigest } from "@destiny/core/wire/reader";
import { Request } from "@destiny/core/wire/request";
import { assignStatement, type Preamble, requestStatement } from "@destiny/core/wire/statement";
import { digestOf } from "@destiny/crypto/hash/sha256";
import type { Ed25519Key } from "@destiny/crypto/signatures/ed25519";
import type { Timestamps } from "./timestamps.ts";

/** Makes what a client signs, each with a timestamp or nonce above all before it. */
export class RequestSigner {
  /** The client's public key, which is its name. */
  readonly client: Digest;
  readonly #preamble: Preamble;
  readonly #key: Ed25519Key;
  readonly #timestamps: Timestamps;

  constructor(preamble: Preamble, key: Ed25519Key, timestamps: Timestamps) {
    this.client = toDigest(key.publicKey);
    this.#preamble = preamble;
    this.#key = key;
    this.#timestamps = timestamps;
  }

  request(operations: readonly Uint8Array[]): Request {
    const fields = { client: this.client, timestamp: this.#timestamps.next(), operations };
    return Request.create(fields, digestOf, (digest) =>
      this.#key.sign(requestStatement(this.#preamble, digest)),
    );
  }

  /** The wish to be served by this coordinator (DQBFT 3.2.6). */
  assign(coordinator: ReplicaId): AssignRequest {
    const nonce = this.#timestamps.next();
    const signature = this.#key.sign(assignStatement(this.#preamble, coordinator, nonce));
    return new AssignRequest({ client: this.client, coordinator, nonce, signature });
  }

  /** The cluster has executed something later than we last signed: go on from further ahead. */
  leap(): void {
    this.#timestamps.leap();
  }

  /** A request of ours has executed: our timestamps are late enough. */
  accepted(): void {
    this.#timestamps.accepted();
  }
}
