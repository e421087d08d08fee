import {
  ClosedError,
  DeadlineError,
  OverloadedError,
  RefusedError,
  SupersededError,
} from "@destiny/client/errors";
import { MalformedOperation } from "@destiny/core/service/service";
import { OutcomeCode, RefusalCode } from "@destiny/core/wire/reply";

/** An answer that says what went wrong: its status, a word for programs and a sentence for people. */
export class HttpError extends Error {
  override readonly name = "HttpError";
  readonly status: number;
  readonly code: string;
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, code: string, message: string, headers: Readonly<Record<string, string>> = {}) {
    super(message);
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

const RETRY = { "Retry-After": "1" };

/** What a failed command is in HTTP; undefined if it is nothing that may happen. */
export function httpErrorOf(error: unknown): HttpError | undefined {
  if (error instanceof HttpError) return error;
  if (error instanceof MalformedOperation) return new HttpError(400, "bad-operation", error.message);
  if (error instanceof DeadlineError) {
    const fate = error.sent ? "It may have executed, or may yet." : "It was not sent and will not execute.";
    return new HttpError(
      504,
      error.sent ? "unknown-outcome" : "not-sent",
      `No verified reply in time. ${fate}`,
      RETRY,
    );
  }
  if (error instanceof OverloadedError)
    return new HttpError(503, "busy", "Too many commands wait; none was sent.", RETRY);
  if (error instanceof ClosedError)
    return new HttpError(
      503,
      "stopping",
      "The replica is stopping. The command may have executed, or may yet.",
    );
  if (error instanceof SupersededError) return new HttpError(500, "superseded", error.message);
  if (error instanceof RefusedError) return ofRefusal(error);
  return undefined;
}

function ofRefusal(error: RefusedError): HttpError {
  switch (error.code) {
    case RefusalCode.NotAdmitted:
      return new HttpError(403, "not-admitted", "The genesis does not let this gateway submit.");
    case RefusalCode.Malformed:
      return new HttpError(413, "too-large", error.message);
    case RefusalCode.Busy:
    case RefusalCode.TooManyClients:
      return new HttpError(503, "busy", error.message, RETRY);
    default:
      return new HttpError(502, "refused", error.message);
  }
}

/** A command executed and failed, the same at every replica. */
export function httpErrorOfOutcome(code: OutcomeCode): HttpError {
  switch (code) {
    case OutcomeCode.Malformed:
      return new HttpError(400, "bad-operation", "The service does not know such an operation.");
    case OutcomeCode.ResultTooLarge:
      return new HttpError(413, "result-too-large", "The result is above its limit.");
    case OutcomeCode.ServiceFailed:
      return new HttpError(
        500,
        "service-failed",
        "The service failed on this command, the same at every replica.",
      );
  }
}
