import { LIMITS } from "../wire/limits.ts";
import { DecodeError } from "../wire/reader.ts";
import { decodeJson, encodeJson } from "./canonical-json.ts";
import { CustomState, type HeldState, PlainState, type Snapshots } from "./held-state.ts";
import { MalformedOperation, type Service } from "./service.ts";
import { SnapshotPages } from "./snapshot-pages.ts";

/** Functions by name: each gets the state, and what the client sent along. */
type Functions<State> = Readonly<Record<string, (state: State, args: never) => unknown>>;
type NoFunctions = Readonly<Record<never, never>>;

/** What the caller passes to a function, besides its state. */
type Arguments<Function> = Function extends (state: never, ...args: infer Args) => unknown ? Args : never;
/** What the caller learns: what the function returned, and null for nothing. */
type Answer<Function> = Function extends (...args: never) => infer Result ? Told<Result> : never;
type Told<Result> = Exclude<Result, void> | (undefined extends Result ? null : never);
type Name<Functions> = keyof Functions & string;

/**
 * A service as its author writes it. State, arguments and results are plain data (see `canonical-json.ts`). Commands
 * change the state in place; one that throws changes nothing. Queries only read. All are deterministic. The types say
 * what honest clients send: a command checks what it must rely on, and throws {@link MalformedOperation} or anything.
 */
export interface ServiceDefinition<
  State extends object,
  Commands extends Functions<State>,
  Queries extends Functions<State>,
> {
  readonly name: string;
  readonly initial: () => State;
  readonly commands: Commands;
  readonly queries?: Queries & Functions<State>;
  /** With `restore`: for a state that is not plain data. It is then taken after every command. */
  readonly snapshot?: Snapshots<State>["snapshot"];
  readonly restore?: Snapshots<State>["restore"];
}

/** A service for replicas to run, and the codec for clients to speak to it. */
export interface DefinedService<Commands, Queries> {
  readonly name: string;
  /** A replica's own state machine, in the initial state. */
  create(): Service;
  /** The bytes of a command. Throws a TypeError if the arguments are not plain data. */
  command<N extends Name<Commands>>(name: N, ...args: Arguments<Commands[N]>): Uint8Array;
  /** The bytes of a query. Throws a TypeError if the arguments are not plain data. */
  query<N extends Name<Queries>>(name: N, ...args: Arguments<Queries[N]>): Uint8Array;
  /** A result that enough replicas vouched for, of the command or query of this name. Throws {@link DecodeError}. */
  decode<N extends Name<Commands & Queries>>(name: N, result: Uint8Array): Answer<(Commands & Queries)[N]>;
}

/** Makes a service of functions over a state. Throws a TypeError for a definition that contradicts itself. */
export function defineService<
  State extends object,
  Commands extends Functions<State>,
  Queries extends Functions<State> = NoFunctions,
>(definition: ServiceDefinition<State, Commands, Queries>): DefinedService<Commands, Queries> {
  const commands = new Map(Object.entries(definition.commands));
  const queries = new Map(Object.entries(definition.queries ?? {}));
  for (const name of commands.keys()) {
    if (queries.has(name)) throw new TypeError(`${name} is a command and a query of ${definition.name}`);
  }
  const hold = holder(definition);
  return {
    name: definition.name,
    create: () => new TypedService(hold(), commands, queries),
    command: (name, ...args) => encodeJson([name, ...args]),
    query: (name, ...args) => encodeJson([name, ...args]),
    decode: (_name, result) => decodeJson(result) as never,
  };
}

function holder<State extends object>(
  definition: ServiceDefinition<State, Functions<State>, Functions<State>>,
): () => HeldState<State> {
  const { initial, snapshot, restore } = definition;
  if (snapshot === undefined && restore === undefined) return () => new PlainState(initial());
  if (snapshot === undefined || restore === undefined) {
    throw new TypeError(`${definition.name} needs both snapshot and restore, or neither`);
  }
  return () => new CustomState(initial(), { snapshot, restore });
}

class TypedService<State> implements Service {
  readonly state: SnapshotPages;
  readonly #held: HeldState<State>;
  readonly #commands: ReadonlyMap<string, Functions<State>[string]>;
  readonly #queries: ReadonlyMap<string, Functions<State>[string]>;

  constructor(
    held: HeldState<State>,
    commands: ReadonlyMap<string, Functions<State>[string]>,
    queries: ReadonlyMap<string, Functions<State>[string]>,
  ) {
    this.#held = held;
    this.#commands = commands;
    this.#queries = queries;
    this.state = new SnapshotPages(held);
  }

  apply(operation: Uint8Array): Uint8Array {
    const run = parseCall(operation, this.#commands);
    // The result is encoded before the change is final: a result that cannot be told undoes its command.
    const result = this.#held.change((state) => encodeResult(run(state)));
    this.state.invalidate();
    return result;
  }

  query(question: Uint8Array): Uint8Array {
    const run = parseCall(question, this.#queries);
    return this.#held.read((state) => encodeResult(run(state)));
  }
}

/** A call as clients send it: a list of the name and, if there are any, the arguments. */
function parseCall<State>(
  bytes: Uint8Array,
  functions: ReadonlyMap<string, Functions<State>[string]>,
): (state: State) => unknown {
  const call = parse(bytes);
  if (!Array.isArray(call) || call.length > 2)
    throw new MalformedOperation("not a list of a name and arguments");
  const run = functions.get(call[0]);
  if (run === undefined) throw new MalformedOperation("nothing of this name");
  return (state) => run(state, call[1] as never);
}

function parse(bytes: Uint8Array): unknown {
  if (bytes.length > LIMITS.operationBytesMax) throw new MalformedOperation("an operation above its limit");
  try {
    return decodeJson(bytes);
  } catch (error) {
    if (error instanceof DecodeError) throw new MalformedOperation(error.message);
    throw error;
  }
}

function encodeResult(value: unknown): Uint8Array {
  const result = encodeJson(value === undefined ? null : value);
  // Below the limit, not at it: a reply spends a byte on saying that the command succeeded.
  if (result.length >= LIMITS.resultBytesMax) throw new RangeError("a result above its limit");
  return result;
}
