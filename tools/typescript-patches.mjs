// Changes sources as they are loaded: DESTINY_PATCH is a JSON list of {file, find, replace}; `find` must occur exactly once.
import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";

const root = fileURLToPath(new URL("../", import.meta.url));
const edits = JSON.parse(process.env.DESTINY_PATCH ?? "[]");

/** Whether any edit is for this file. */
export function isPatched(path) {
  return edits.some(({ file }) => root + file === path);
}

/** The source of a file with its edits applied. */
export function patchedSource(path) {
  let source = readFileSync(path, "utf8");
  for (const { file, find, replace } of edits) {
    if (root + file !== path) continue;
    if (source.split(find).length !== 2) throw new Error(`${file} does not hold this exactly once: ${find}`);
    source = source.replace(find, () => replace);
  }
  return source;
}
