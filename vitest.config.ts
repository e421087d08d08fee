import { defineConfig } from "vitest/config";

// Tests run from the sources: the "source" condition of every package's exports leads there.
const conditions = ["source"];

export default defineConfig({
  resolve: { conditions },
  ssr: { resolve: { conditions } },
  test: {
    exclude: ["**/node_modules/**", "**/dist/**"],
    // Processes, not threads: native addons live in both, but only a process can die of one alone.
    pool: "forks",
    teardownTimeout: 30_000,
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["packages/*/src/**/*.test.ts"],
          testTimeout: 20_000,
        },
      },
      {
        // Whole clusters of real processes, from the build: one file at a time, or they starve one another.
        extends: true,
        test: {
          name: "e2e",
          include: ["tests/**/*.test.ts", "examples/**/*.test.ts"],
          fileParallelism: false,
          testTimeout: 180_000,
          hookTimeout: 120_000,
        },
      },
    ],
  },
});
