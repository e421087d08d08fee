#!/usr/bin/env node
// The command of a checkout too, where npm links it before anything is built.
import { existsSync } from "node:fs";

const entry = new URL("../dist/main.js", import.meta.url);
if (existsSync(entry)) await import(entry.href);
else {
  process.stderr.write("destiny: not built yet: run npm run build\n");
  process.exitCode = 2;
}
