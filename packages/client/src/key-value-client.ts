import {
  decodeExisted,
  decodeValue,
  encodeDelete,
  encodeGet,
  encodePut,
} from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import type { SubmitOptions } from "./connect-options.ts";
import { type Answered, call, type Submitter } from "./service-client.ts";

const { Command, Query } = OperationKind;

/** The built-in key-value service as calls. They reject as {@link Client.submit}, or with `OperationFailedError`. */
export class KeyValueClient {
  readonly #client: Submitter;

  constructor(client: Submitter) {
    this.#client = client;
  }

  /** Sets a key's value; text is stored as UTF-8. Gives whether the key had one before. */
  async put(
    key: string,
    value: Uint8Array | string,
    options: SubmitOptions = {},
  ): Promise<Answered<boolean>> {
    const bytes = typeof value === "string" ? new TextEncoder().encode(value) : value;
    return call(this.#client, encodeOperation(Command, encodePut(key, bytes)), decodeExisted, options);
  }

  /** A key's value, undefined if it has none; linearizable. */
  async get(key: string, options: SubmitOptions = {}): Promise<Answered<Uint8Array | undefined>> {
    return call(this.#client, encodeOperation(Query, encodeGet(key)), decodeValue, options);
  }

  /** Removes a key. Gives whether it had a value. */
  async delete(key: string, options: SubmitOptions = {}): Promise<Answered<boolean>> {
    return call(this.#client, encodeOperation(Command, encodeDelete(key)), decodeExisted, options);
  }
}
