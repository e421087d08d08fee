import type { DefinedService } from "@destiny/core/service/define-service";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import { type Outcome, OutcomeCode } from "@destiny/core/wire/reply";
import type { Client } from "./client.ts";
import type { SubmitOptions } from "./connect-options.ts";
import type { VerifiedReply } from "./verified-reply.ts";

/** A command or query executed, and failed the same at every replica. The state is as if it had not been. */
export class OperationFailedError extends Error {
  override readonly name = "OperationFailedError";
  readonly code: OutcomeCode;

  constructor(code: OutcomeCode) {
    super(FAILURES.get(code) ?? `the operation failed for reason ${code}, which this client does not know`);
    this.code = code;
  }
}

/** What a call gave, with the reply that says so. */
export interface Answered<T> {
  readonly value: T;
  readonly reply: VerifiedReply;
}

/** What submits: a {@link Client}, or what stands for one. */
export type Submitter = Pick<Client, "submit">;

type Name<Functions> = keyof Functions & string;
type Arguments<Function> = Function extends (state: never, ...args: infer Args) => unknown ? Args : never;
/** As `DefinedService.decode` has it: what the function returns, and null for nothing. */
type Answer<Function> = Function extends (...args: never) => infer Result ? Told<Result> : never;
type Told<Result> = Exclude<Result, void> | (undefined extends Result ? null : never);

/** The commands and queries of a service as calls. Both reject as {@link Client.submit}, or with {@link OperationFailedError}. */
export interface ServiceClient<Commands, Queries> {
  /** Executes a command, once. */
  command<N extends Name<Commands>>(
    name: N,
    ...args: Arguments<Commands[N]>
  ): Promise<Answered<Answer<Commands[N]>>>;
  /** Asks a query. It is ordered like a command: it sees all that was answered before it was asked. */
  query<N extends Name<Queries>>(
    name: N,
    ...args: Arguments<Queries[N]>
  ): Promise<Answered<Answer<Queries[N]>>>;
}

/** Speaks to a service in its own words. The options hold for every call. */
export function serviceClient<Commands, Queries>(
  client: Submitter,
  service: DefinedService<Commands, Queries>,
  options: SubmitOptions = {},
): ServiceClient<Commands, Queries> {
  const decoderOf =
    (name: Name<Commands & Queries>) =>
    (result: Uint8Array): never =>
      service.decode(name, result) as never;
  return {
    command: async (name, ...args) => {
      const operation = encodeOperation(OperationKind.Command, service.command(name, ...args));
      return call(client, operation, decoderOf(name), options);
    },
    query: async (name, ...args) => {
      const operation = encodeOperation(OperationKind.Query, service.query(name, ...args));
      return call(client, operation, decoderOf(name), options);
    },
  };
}

/** Submits one operation, and reads its result. */
export async function call<T>(
  client: Submitter,
  operation: Uint8Array,
  decode: (result: Uint8Array) => T,
  options: SubmitOptions,
): Promise<Answered<T>> {
  const reply = await client.submit(operation, options);
  const [outcome] = reply.outcomes;
  return { value: decode(resultOf(outcome)), reply };
}

/** The result of an operation that succeeded. Throws {@link OperationFailedError}. */
function resultOf(outcome: Outcome | undefined): Uint8Array {
  if (outcome === undefined || !outcome.ok)
    throw new OperationFailedError(outcome?.code ?? OutcomeCode.Malformed);
  return outcome.result;
}

const FAILURES: ReadonlyMap<number, string> = new Map([
  [OutcomeCode.ServiceFailed, "the service threw"],
  [OutcomeCode.Malformed, "the service does not know such an operation"],
  [OutcomeCode.ResultTooLarge, "the result is above its limit"],
]);
