import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { isIP, type Socket } from "node:net";
import type { Duplex } from "node:stream";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { isLoopback } from "../configuration/addresses.ts";
import type { HostPort } from "../genesis/genesis.ts";
import type { GatewayBackend } from "./backend.ts";
import { HttpError, httpErrorOf } from "./http-error.ts";
import { type Answer, jsonText, route } from "./routes.ts";

/** What the gateway spends at most, and how long it waits. */
export interface GatewayLimits {
  readonly connectionsMax: number;
  /** Requests under way at once; further ones get 503. */
  readonly commandsMax: number;
  /** How long a command may take. */
  readonly deadlineMillis: number;
  /** From the first byte of a request to its last. */
  readonly requestTimeoutMillis: number;
}

/** All that a gateway must know. */
export interface GatewayOptions {
  /** Port 0 takes any free one. */
  readonly listen: HostPort;
  readonly backend: GatewayBackend;
  readonly limits: GatewayLimits;
  /** Once per answer. */
  readonly answered: (method: string, status: number, seconds: number) => void;
  /** What should not happen: an error that no rule covers. The user gets a 500 without particulars. */
  readonly unexpected: (error: unknown) => void;
}

const HEADER_BYTES_MAX = 16_384;
const HEADERS_TIMEOUT_MILLIS = 10_000;
const IDLE_TIMEOUT_MILLIS = 5_000;
const CHECK_MILLIS = 1_000;
/** How long commands under way may take to finish once the gateway closes. */
const CLOSING_MILLIS = 2_000;
const METHODS: ReadonlySet<string> = new Set(["GET", "HEAD", "PUT", "DELETE"]);
const SAFETY = { "X-Content-Type-Options": "nosniff", "Cache-Control": "no-store" };

/** HTTP for users without the client library: they trust this one replica, which verifies what it passes on. */
export class HttpGateway {
  readonly #options: GatewayOptions;
  readonly #server: Server;
  readonly #guarded: boolean;
  #underWay = 0;
  #port = 0;
  #closing = false;

  private constructor(options: GatewayOptions) {
    this.#options = options;
    this.#guarded = isLoopback(options.listen.host);
    this.#server = createServer(
      {
        maxHeaderSize: HEADER_BYTES_MAX,
        headersTimeout: Math.min(HEADERS_TIMEOUT_MILLIS, options.limits.requestTimeoutMillis),
        requestTimeout: options.limits.requestTimeoutMillis,
        keepAliveTimeout: IDLE_TIMEOUT_MILLIS,
        connectionsCheckingInterval: Math.min(CHECK_MILLIS, options.limits.requestTimeoutMillis),
      },
      (request, response) => void this.#onRequest(request, response),
    );
    this.#server.maxConnections = options.limits.connectionsMax;
    this.#server.on("clientError", (error: NodeJS.ErrnoException, socket) => onClientError(error, socket));
    // Nothing here speaks another protocol on the same connection.
    this.#server.on("upgrade", (_request, socket) => socket.destroy());
    this.#server.on("connect", (_request, socket) => socket.destroy());
  }

  /** Listens. Throws {@link ConfigurationError} if it cannot. */
  static async open(options: GatewayOptions): Promise<HttpGateway> {
    const gateway = new HttpGateway(options);
    await gateway.#listen();
    return gateway;
  }

  /** The port that we listen on. */
  get port(): number {
    return this.#port;
  }

  /** Takes no further requests, gives those under way a moment, and ends all connections. */
  async close(): Promise<void> {
    this.#closing = true;
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.#server.closeIdleConnections();
    const late = setTimeout(() => this.#server.closeAllConnections(), CLOSING_MILLIS);
    await closed;
    clearTimeout(late);
  }

  #listen(): Promise<void> {
    const { host, port } = this.#options.listen;
    return new Promise((resolve, reject) => {
      this.#server.once("error", (error: NodeJS.ErrnoException) => {
        reject(
          new ConfigurationError(
            `the HTTP gateway cannot listen on ${host}:${port} (${error.code ?? error.message}): ` +
              'change "listen.http" in replica.json, or stop the process that has the port',
          ),
        );
      });
      this.#server.listen({ host, port }, () => {
        this.#server.removeAllListeners("error");
        this.#server.on("error", this.#options.unexpected);
        const address = this.#server.address();
        if (address !== null && typeof address === "object") this.#port = address.port;
        resolve();
      });
    });
  }

  async #onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const started = performance.now();
    response.on("error", () => undefined); // The user went away.
    const answer = await this.#answer(request).catch((error: unknown) => this.#failure(error));
    response.writeHead(answer.status, {
      ...SAFETY,
      ...answer.headers,
      ...(this.#closing ? { Connection: "close" } : {}),
      ...(answer.status === 204 ? {} : { "Content-Length": Buffer.byteLength(answer.body) }),
    });
    response.end(answer.body);
    // A body that nobody read is drained, so that the next request of the connection is found.
    request.resume();
    const { method = "" } = request;
    const seconds = (performance.now() - started) / 1_000;
    this.#options.answered(METHODS.has(method) ? method : "other", answer.status, seconds);
  }

  async #answer(request: IncomingMessage): Promise<Answer> {
    const { backend, limits } = this.#options;
    this.#checkHost(request);
    if (this.#underWay >= limits.commandsMax) {
      throw new HttpError(503, "busy", "Too many requests are under way.", { "Retry-After": "1" });
    }
    this.#underWay += 1;
    try {
      return await route(request, { backend, deadlineMillis: limits.deadlineMillis });
    } finally {
      this.#underWay -= 1;
    }
  }

  /**
   * A page in a browser on this machine may resolve its own name to our address and then read and write as if it came from
   * here (DNS rebinding). On a loopback address only names of this machine are served.
   */
  #checkHost(request: IncomingMessage): void {
    if (!this.#guarded) return;
    const host = (request.headers.host ?? "").replace(/:\d{1,5}$/, "").replace(/^\[(.*)\]$/, "$1");
    if (isIP(host) !== 0 || host.toLowerCase() === "localhost") return;
    throw new HttpError(421, "host", "Name this machine by its address or as localhost.");
  }

  #failure(error: unknown): Answer {
    const known = httpErrorOf(error);
    if (known === undefined) this.#options.unexpected(error);
    const { status, code, message, headers } = known ?? new HttpError(500, "internal", "The gateway failed.");
    const body = jsonText({ error: { code, message } });
    return { status, headers: { ...headers, "Content-Type": "application/json" }, body };
  }
}

/** Bytes that are no HTTP, or come too slowly. */
function onClientError(error: NodeJS.ErrnoException, socket: Duplex): void {
  if (error.code === "ECONNRESET" || !socket.writable || hasAnswered(socket)) {
    socket.destroy();
    return;
  }
  const [status, code, message] = CLIENT_ERRORS[error.code ?? ""] ?? [
    "400 Bad Request",
    "bad-request",
    "This is not HTTP/1.1.",
  ];
  const body = jsonText({ error: { code, message } });
  const head = `HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}`;
  socket.end(`${head}\r\n\r\n${body}`, () => socket.destroy());
}

/** Whether an answer is partly written, into which another must not be mixed. */
function hasAnswered(socket: Duplex): boolean {
  return (socket as Socket).bytesWritten > 0;
}

const CLIENT_ERRORS: Readonly<Record<string, readonly [string, string, string]>> = {
  HPE_HEADER_OVERFLOW: [
    "431 Request Header Fields Too Large",
    "header-too-large",
    `Headers and path have at most ${HEADER_BYTES_MAX} bytes.`,
  ],
  ERR_HTTP_REQUEST_TIMEOUT: ["408 Request Timeout", "timeout", "The request took too long to arrive."],
};
