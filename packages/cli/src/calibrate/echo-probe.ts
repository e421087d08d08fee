import { fork } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { perFrame } from "./per-frame.ts";
import { openProbeMesh, type ProbeCertificates, probeCertificates } from "./probe-mesh.ts";

/** What the process that sends everything back is told. */
export interface EchoPlan {
  readonly port: number;
  readonly certificates: ProbeCertificates;
  readonly delayMillis: number;
}

/**
 * Micros of our processor for a frame of so many bytes to another process and another frame back, which comes so late that our
 * loop sleeps: one frame sent, one received, and the loop woken once.
 */
export async function echoMicros(bytes: number, delayMillis: number, count: number): Promise<number> {
  const certificates = await probeCertificates();
  let linked: () => void = () => undefined;
  const up = new Promise<void>((resolve) => {
    linked = resolve;
  });
  let onFrame: () => void = () => undefined;
  const mesh = await openProbeMesh({ self: 0, certificates, onFrame: () => onFrame(), onUp: linked });
  const entry = fileURLToPath(new URL("./echo-main.js", import.meta.url));
  const child = fork(entry, [], {
    serialization: "advanced",
    stdio: ["ignore", "ignore", "inherit", "ipc"],
  });
  const gone = once(child, "exit");
  try {
    const plan: EchoPlan = { port: mesh.port, certificates, delayMillis };
    child.send(plan);
    await Promise.race([up, gone.then(() => Promise.reject(new Error("the process that echoes is gone")))]);
    const frame = new Uint8Array(bytes);
    const echo = (times: number): Promise<void> =>
      new Promise((resolve) => {
        let left = times;
        onFrame = () => {
          left -= 1;
          if (left === 0) resolve();
          else mesh.send(1, frame);
        };
        mesh.send(1, frame);
      });
    await echo(count / 10);
    return await perFrame(count, () => echo(count));
  } finally {
    if (child.connected) child.disconnect();
    await gone;
    await mesh.close();
  }
}
