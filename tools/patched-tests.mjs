// Runs unit tests on sources that DESTINY_PATCH changes: node tools/patched-tests.mjs FILE [NAME]
import { fileURLToPath } from "node:url";
import { startVitest } from "vitest/node";
import { isPatched, patchedSource } from "./typescript-patches.mjs";

const [file, name] = process.argv.slice(2);
const conditions = ["source"];

const patcher = {
  name: "patched-sources",
  enforce: "pre",
  load(id) {
    const [path] = id.split("?");
    return isPatched(path) ? patchedSource(path) : null;
  },
};

const vitest = await startVitest(
  "test",
  [file],
  {
    run: true,
    watch: false,
    config: false,
    include: ["packages/*/src/**/*.test.ts"],
    exclude: ["**/node_modules/**", "**/dist/**"],
    pool: "forks",
    maxWorkers: 1,
    testTimeout: 60_000,
    bail: 1,
    ...(name ? { testNamePattern: name } : {}),
  },
  {
    root: fileURLToPath(new URL("../", import.meta.url)),
    resolve: { conditions },
    ssr: { resolve: { conditions } },
    plugins: [patcher],
  },
);
await vitest.close();
