import type { IncomingMessage } from "node:http";
import {
  decodeExisted,
  decodeValue,
  encodeDelete,
  encodeGet,
  encodePut,
  VALUE_BYTES_MAX,
} from "@destiny/core/service/key-value";
import { encodeOperation, OperationKind } from "@destiny/core/service/operation";
import type { GatewayBackend } from "./backend.ts";
import { HELP } from "./help.ts";
import { HttpError, httpErrorOfOutcome } from "./http-error.ts";
import { readBody } from "./read-body.ts";

/** What a request is answered with. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array | string;
}

/** What a route may use. */
export interface RouteContext {
  readonly backend: GatewayBackend;
  readonly deadlineMillis: number;
}

const TEXT = { "Content-Type": "text/plain; charset=utf-8" };
const JSON_TYPE = { "Content-Type": "application/json" };
const METRICS_TYPE = { "Content-Type": "text/plain; version=0.0.4; charset=utf-8" };
const BYTES = { "Content-Type": "application/octet-stream" };
const KEYS = "/kv/";

/** Answers a request, or rejects with an {@link HttpError} or what the backend rejects with. */
export async function route(request: IncomingMessage, context: RouteContext): Promise<Answer> {
  const { backend } = context;
  const path = pathOf(request);
  if (path.startsWith(KEYS)) return keyValue(request, keyOf(path), context);
  switch (path) {
    case "/":
      return read(request, { status: 200, headers: TEXT, body: HELP });
    case "/status":
      return read(request, { status: 200, headers: JSON_TYPE, body: jsonText(backend.status()) });
    case "/metrics":
      return read(request, { status: 200, headers: METRICS_TYPE, body: await backend.metrics() });
    default:
      throw new HttpError(404, "no-such-path", "There are /, /kv/KEY, /status and /metrics.");
  }
}

/** A JSON body, with a line of its own in a terminal. */
export function jsonText(value: unknown): string {
  return `${JSON.stringify(value)}\n`;
}

function read(request: IncomingMessage, answer: Answer): Answer {
  if (request.method === "GET" || request.method === "HEAD") return answer;
  throw notAllowed("GET, HEAD");
}

function keyValue(request: IncomingMessage, key: string, context: RouteContext): Promise<Answer> {
  switch (request.method) {
    case "GET":
    case "HEAD":
      return get(key, context);
    case "PUT":
      return put(request, key, context);
    case "DELETE":
      return remove(key, context);
    default:
      throw notAllowed("GET, HEAD, PUT, DELETE");
  }
}

async function get(key: string, context: RouteContext): Promise<Answer> {
  const { result, headers } = await execute(OperationKind.Query, encodeGet(key), context);
  const value = decodeValue(result);
  if (value === undefined) throw absent(headers);
  return { status: 200, headers: { ...headers, ...BYTES }, body: value };
}

async function put(request: IncomingMessage, key: string, context: RouteContext): Promise<Answer> {
  const value = await readBody(request, VALUE_BYTES_MAX);
  const { result, headers } = await execute(OperationKind.Command, encodePut(key, value), context);
  return { status: decodeExisted(result) ? 204 : 201, headers, body: "" };
}

async function remove(key: string, context: RouteContext): Promise<Answer> {
  const { result, headers } = await execute(OperationKind.Command, encodeDelete(key), context);
  if (!decodeExisted(result)) throw absent(headers);
  return { status: 204, headers, body: "" };
}

async function execute(
  kind: OperationKind,
  body: Uint8Array,
  { backend, deadlineMillis }: RouteContext,
): Promise<{ result: Uint8Array; headers: Record<string, string> }> {
  const { outcome, seq } = await backend.execute(encodeOperation(kind, body), deadlineMillis);
  if (!outcome.ok) throw httpErrorOfOutcome(outcome.code);
  return { result: outcome.result, headers: { "Destiny-Seq": String(seq) } };
}

function pathOf(request: IncomingMessage): string {
  const target = request.url ?? "";
  if (!target.startsWith("/")) throw new HttpError(400, "bad-path", "Give a path that starts with a slash.");
  if (target.includes("?")) {
    throw new HttpError(400, "bad-path", "Nothing here takes a query: write a ? in a key as %3F.");
  }
  return target;
}

function keyOf(path: string): string {
  let key: string;
  try {
    key = decodeURIComponent(path.slice(KEYS.length));
  } catch {
    throw new HttpError(400, "bad-key", "The key is not UTF-8 in percent-encoding: write % as %25.");
  }
  if (key === "") throw new HttpError(400, "bad-key", "The key is empty: give one after /kv/.");
  return key;
}

function absent(headers: Record<string, string>): HttpError {
  return new HttpError(404, "no-such-key", "The key has no value.", headers);
}

function notAllowed(allow: string): HttpError {
  return new HttpError(405, "method", `This path takes ${allow}.`, { Allow: allow });
}
