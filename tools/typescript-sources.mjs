// Lets Node run the sources: node --conditions=source --import ./tools/typescript-sources.mjs FILE.ts
import { register } from "node:module";

process.setSourceMapsEnabled(true);
register("./typescript-hooks.mjs", import.meta.url);
