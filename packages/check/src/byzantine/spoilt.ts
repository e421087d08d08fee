import type { Request } from "@destiny/core/wire/request";

/** The same request, with one bit of its signature turned: not what its client signed. */
export function spoilt(request: Request): Request {
  const bytes = request.bytes.slice();
  const last = bytes.length - 1;
  bytes[last] = (bytes[last] ?? 0) ^ 1;
  return Object.assign(Object.create(Object.getPrototypeOf(request)), request, { bytes }) as Request;
}
