import type { IncomingMessage } from "node:http";
import { HttpError } from "./http-error.ts";

/** The body of a request, up to a size. Rejects with an {@link HttpError} above it, and if the request breaks off. */
export function readBody(request: IncomingMessage, bytesMax: number): Promise<Uint8Array> {
  const encoding = request.headers["content-encoding"];
  if (encoding !== undefined && encoding !== "identity") {
    throw new HttpError(415, "encoded", "Send the value as it is: no Content-Encoding is understood.");
  }
  // Whoever announces too much is told before he sends it.
  if (Number(request.headers["content-length"] ?? 0) > bytesMax) throw tooLarge(bytesMax);
  return new Promise((resolve, reject) => {
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    request.on("data", (chunk: Uint8Array) => {
      bytes += chunk.length;
      if (bytes <= bytesMax) chunks.push(chunk);
      else reject(tooLarge(bytesMax));
    });
    request.on("end", () => resolve(Uint8Array.from(Buffer.concat(chunks))));
    request.on("error", () => reject(new HttpError(400, "aborted", "The request broke off.")));
  });
}

function tooLarge(bytesMax: number): HttpError {
  // What is left of the body would be taken for the next request.
  return new HttpError(413, "too-large", `A value has at most ${bytesMax} bytes.`, { Connection: "close" });
}
