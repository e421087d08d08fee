import { once } from "node:events";
import { request as httpRequest, type IncomingMessage } from "node:http";
import { connect } from "node:net";
import { ClosedError, DeadlineError, OverloadedError, RefusedError } from "@destiny/client/errors";
import { KeyValue, VALUE_BYTES_MAX } from "@destiny/core/service/key-value";
import { decodeOperation, OperationKind } from "@destiny/core/service/operation";
import { OutcomeCode, RefusalCode } from "@destiny/core/wire/reply";
import { afterEach, expect, test, vi } from "vitest";
import type { StatusReport } from "../observability/status-report.ts";
import type { GatewayBackend, GatewayReply } from "./backend.ts";
import { type GatewayLimits, type GatewayOptions, HttpGateway } from "./http-gateway.ts";

const LIMITS = { connectionsMax: 16, commandsMax: 4, deadlineMillis: 1_000, requestTimeoutMillis: 5_000 };
const gateways: HttpGateway[] = [];

afterEach(async () => {
  for (const gateway of gateways.splice(0)) await gateway.close();
});

/** The service itself, without replication. */
class LocalBackend implements GatewayBackend {
  readonly service = new KeyValue();
  seq = 0;

  async execute(operation: Uint8Array): Promise<GatewayReply> {
    const decoded = decodeOperation(operation);
    if (decoded === null) throw new Error("an operation of no kind");
    const { kind, body } = decoded;
    const result = kind === OperationKind.Command ? this.service.apply(body) : this.service.query(body);
    this.seq += 1;
    return { outcome: { ok: true, result }, seq: this.seq };
  }

  status(): StatusReport {
    return { replica: 1, executed: 7 } as StatusReport;
  }

  async metrics(): Promise<string> {
    return "destiny_commands_total 3\n";
  }
}

interface Bed {
  readonly url: string;
  readonly port: number;
  readonly answers: (readonly [string, number])[];
  readonly unexpected: unknown[];
}

async function open(
  backend: GatewayBackend = new LocalBackend(),
  limits: Partial<GatewayLimits> = {},
  overrides: Partial<GatewayOptions> = {},
): Promise<Bed> {
  const answers: (readonly [string, number])[] = [];
  const unexpected: unknown[] = [];
  const gateway = await HttpGateway.open({
    listen: { host: "127.0.0.1", port: 0 },
    backend,
    limits: { ...LIMITS, ...limits },
    answered: (method, status) => void answers.push([method, status]),
    unexpected: (error) => void unexpected.push(error),
    ...overrides,
  });
  gateways.push(gateway);
  return { url: `http://127.0.0.1:${gateway.port}`, port: gateway.port, answers, unexpected };
}

async function codeOf(response: Response): Promise<string> {
  const { error } = (await response.json()) as { error: { code: string; message: string } };
  expect(error.message.length).toBeGreaterThan(5);
  return error.code;
}

/** A request that `fetch` would not make: with any path and headers. */
async function raw(
  port: number,
  path: string,
  options: object = {},
): Promise<IncomingMessage & { text: string }> {
  const request = httpRequest({ host: "127.0.0.1", port, path, agent: false, ...options });
  request.end();
  const [response] = (await once(request, "response")) as [IncomingMessage];
  let text = "";
  for await (const chunk of response) text += String(chunk);
  return Object.assign(response, { text });
}

/** Bytes on a bare connection, and all that comes back. */
async function bytes(port: number, ...parts: readonly string[]): Promise<string> {
  const socket = connect(port, "127.0.0.1");
  let text = "";
  socket.on("data", (chunk) => {
    text += String(chunk);
  });
  socket.on("error", () => undefined);
  for (const part of parts) socket.write(part);
  await once(socket, "close");
  return text;
}

test("put, get, replace and delete, with the place in the order", async () => {
  const { url, answers } = await open();
  const put = await fetch(`${url}/kv/a`, { method: "PUT", body: Uint8Array.of(0, 255, 1) });
  expect([put.status, put.headers.get("destiny-seq")]).toEqual([201, "1"]);
  const got = await fetch(`${url}/kv/a`);
  expect([got.status, got.headers.get("content-type")]).toEqual([200, "application/octet-stream"]);
  expect(got.headers.get("x-content-type-options")).toBe("nosniff");
  expect(new Uint8Array(await got.arrayBuffer())).toEqual(Uint8Array.of(0, 255, 1));
  expect((await fetch(`${url}/kv/a`, { method: "PUT", body: "2" })).status).toBe(204);
  const head = await fetch(`${url}/kv/a`, { method: "HEAD" });
  expect([head.status, head.headers.get("content-length")]).toEqual([200, "1"]);
  expect((await fetch(`${url}/kv/a`, { method: "DELETE" })).status).toBe(204);
  const gone = await fetch(`${url}/kv/a`);
  expect([gone.status, await codeOf(gone)]).toEqual([404, "no-such-key"]);
  const again = await fetch(`${url}/kv/a`, { method: "DELETE" });
  expect([again.status, await codeOf(again)]).toEqual([404, "no-such-key"]);
  expect(answers[0]).toEqual(["PUT", 201]);
  expect(answers).toHaveLength(7);
});

test("keys may be any text, and an empty value is a value", async () => {
  const { url, port } = await open();
  for (const key of ["a/b/c", "ü 💠", "__proto__", "constructor", "\0", "a?b=c", "%"]) {
    const path = `${url}/kv/${encodeURIComponent(key)}`;
    expect((await fetch(path, { method: "PUT", body: key })).status).toBe(201);
    expect(await (await fetch(path)).text()).toBe(key);
  }
  expect((await raw(port, "/kv/a/b/c")).text).toBe("a/b/c");
  expect((await raw(port, "/kv/../a")).statusCode).toBe(404);
  await fetch(`${url}/kv/empty`, { method: "PUT" });
  const empty = await fetch(`${url}/kv/empty`);
  expect([empty.status, await empty.text()]).toEqual([200, ""]);
});

test("status, metrics and help", async () => {
  const { url } = await open();
  expect(await (await fetch(`${url}/status`)).json()).toEqual({ replica: 1, executed: 7 });
  const metrics = await fetch(`${url}/metrics`);
  expect(metrics.headers.get("content-type")).toContain("version=0.0.4");
  expect(await metrics.text()).toBe("destiny_commands_total 3\n");
  const help = await (await fetch(url)).text();
  expect(help).toContain("/kv/KEY");
  expect(help).toContain(String(VALUE_BYTES_MAX));
  expect(help.split("\n").length).toBeLessThan(25);
});

test.each([
  ["/nothing", "GET", 404, "no-such-path"],
  ["/kv", "GET", 404, "no-such-path"],
  ["/kv/", "GET", 400, "bad-key"],
  ["/kv/%ff", "GET", 400, "bad-key"],
  ["/kv/%", "PUT", 400, "bad-key"],
  ["/kv/a?b", "GET", 400, "bad-path"],
  ["/kv/a", "POST", 405, "method"],
  ["/kv/a", "PATCH", 405, "method"],
  ["/status", "DELETE", 405, "method"],
  ["/", "PUT", 405, "method"],
  [`/kv/${"k".repeat(1025)}`, "GET", 400, "bad-operation"],
  ["*", "OPTIONS", 400, "bad-path"],
  ["http://elsewhere/kv/a", "GET", 400, "bad-path"],
])("%s %s is %i %s", async (path, method, status, code) => {
  const { port } = await open();
  const response = await raw(port, path, { method });
  expect([response.statusCode, JSON.parse(response.text).error.code]).toEqual([status, code]);
  if (status === 405) expect(response.headers.allow).toContain("GET");
});

test("a value of the largest size fits, one more byte does not, announced or not", async () => {
  const { url } = await open();
  const put = (body: NonNullable<RequestInit["body"]>, more: object = {}): Promise<Response> =>
    fetch(`${url}/kv/a`, { method: "PUT", body, ...more });
  expect((await put(new Uint8Array(VALUE_BYTES_MAX))).status).toBe(201);
  const announced = await put(new Uint8Array(VALUE_BYTES_MAX + 1));
  expect([announced.status, await codeOf(announced)]).toEqual([413, "too-large"]);
  const chunks = new ReadableStream({
    start(controller) {
      controller.enqueue(new Uint8Array(VALUE_BYTES_MAX));
      controller.enqueue(new Uint8Array(1));
      controller.close();
    },
  });
  expect((await put(chunks, { duplex: "half" })).status).toBe(413);
  const zipped = await put("x", { headers: { "Content-Encoding": "gzip" } });
  expect([zipped.status, await codeOf(zipped)]).toEqual([415, "encoded"]);
});

test.each([
  [new DeadlineError("late", true), 504, "unknown-outcome"],
  [new DeadlineError("late", false), 504, "not-sent"],
  [new OverloadedError("full"), 503, "busy"],
  [new ClosedError("closed"), 503, "stopping"],
  [new RefusedError(RefusalCode.NotAdmitted, [1, 2]), 403, "not-admitted"],
  [new RefusedError(RefusalCode.Malformed, []), 413, "too-large"],
  [new RefusedError(RefusalCode.Busy, [1]), 503, "busy"],
  [new Error("secret particulars"), 500, "internal"],
])("%s is answered with %i %s", async (error, status, code) => {
  const backend = Object.assign(new LocalBackend(), { execute: () => Promise.reject(error) });
  const { url, unexpected } = await open(backend);
  const response = await fetch(`${url}/kv/a`);
  const text = await response.text();
  expect([response.status, JSON.parse(text).error.code]).toEqual([status, code]);
  expect(text).not.toContain("secret");
  expect(unexpected).toEqual(code === "internal" ? [error] : []);
});

test.each([
  [OutcomeCode.ServiceFailed, 500, "service-failed"],
  [OutcomeCode.Malformed, 400, "bad-operation"],
  [OutcomeCode.ResultTooLarge, 413, "result-too-large"],
])("outcome %i is answered with %i %s", async (outcome, status, code) => {
  const execute = async (): Promise<GatewayReply> => ({ outcome: { ok: false, code: outcome }, seq: 1 });
  const { url } = await open(Object.assign(new LocalBackend(), { execute }));
  const response = await fetch(`${url}/kv/a`);
  expect([response.status, await codeOf(response)]).toEqual([status, code]);
});

test("above the bound of requests under way, further ones are told to come back", async () => {
  let release: (reply: GatewayReply) => void = () => undefined;
  const held = new Promise<GatewayReply>((resolve) => {
    release = resolve;
  });
  const backend = Object.assign(new LocalBackend(), { execute: vi.fn(() => held) });
  const { url } = await open(backend, { commandsMax: 1 });
  const first = fetch(`${url}/kv/a`);
  await vi.waitFor(() => expect(backend.execute).toHaveBeenCalled());
  const second = await fetch(`${url}/kv/a`);
  expect([second.status, second.headers.get("retry-after")]).toEqual([503, "1"]);
  release({ outcome: { ok: true, result: Uint8Array.of(1, 65) }, seq: 9 });
  expect(await (await first).text()).toBe("A");
});

test("a page elsewhere that resolves to this machine is not served", async () => {
  const { port } = await open();
  for (const host of ["evil.example:80", "localhost.evil.example", "[::1"]) {
    expect((await raw(port, "/status", { headers: { Host: host } })).statusCode).toBe(421);
  }
  expect(await bytes(port, "GET /status HTTP/1.0\r\n\r\n")).toMatch(/^HTTP\/1.1 421/);
  for (const host of ["localhost", `LOCALHOST:${port}`, "127.0.0.1:1", `[::1]:${port}`]) {
    expect((await raw(port, "/status", { headers: { Host: host } })).statusCode).toBe(200);
  }
});

test("headers above their limit, other protocols and half requests are answered and ended", async () => {
  const { port } = await open(new LocalBackend(), { requestTimeoutMillis: 200 });
  expect(await bytes(port, `GET / HTTP/1.1\r\nHost: x\r\nX: ${"x".repeat(20_000)}\r\n\r\n`)).toMatch(
    /^HTTP\/1.1 431 .*header-too-large/s,
  );
  expect(await bytes(port, "\x16\x03\x01\x02\x00\x01\x00")).toMatch(/^HTTP\/1.1 400 .*bad-request/s);
  const started = performance.now();
  expect(await bytes(port, "PUT /kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 10\r\n\r\nabc")).toMatch(
    /^HTTP\/1.1 408 .*timeout/s,
  );
  expect(performance.now() - started).toBeLessThan(3_000);
  expect(await bytes(port, "CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n")).toBe("");
});

test("two lengths, or a length and chunks, are no request", async () => {
  const { port } = await open();
  const head = "PUT /kv/a HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1\r\n";
  expect(await bytes(port, `${head}Content-Length: 2\r\n\r\nab`)).toMatch(/^HTTP\/1.1 400/);
  expect(await bytes(port, `${head}Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n`)).toMatch(/^HTTP\/1.1 400/);
});

test("a port in use is the operator's error, with what to do", async () => {
  const { port } = await open();
  await expect(open(undefined, {}, { listen: { host: "127.0.0.1", port } })).rejects.toThrow(
    /EADDRINUSE.*change "listen\.http"/,
  );
});

test("closing lets the answer under way out, then ends what idles", async () => {
  let release: (reply: GatewayReply) => void = () => undefined;
  const held = new Promise<GatewayReply>((resolve) => {
    release = resolve;
  });
  const backend = Object.assign(new LocalBackend(), { execute: vi.fn(() => held) });
  const { url } = await open(backend);
  const first = fetch(`${url}/kv/a`);
  await vi.waitFor(() => expect(backend.execute).toHaveBeenCalled());
  const closing = gateways.splice(0)[0]?.close();
  release({ outcome: { ok: true, result: Uint8Array.of(1, 65) }, seq: 9 });
  expect(await (await first).text()).toBe("A");
  await closing;
  await expect(fetch(url)).rejects.toThrow();
});
