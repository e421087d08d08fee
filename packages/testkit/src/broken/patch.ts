import type { Edit } from "./planted-bug.ts";

/** Applies edits to the source of their file. Throws if what they replace is not there exactly once. */
export function applyEdits(source: string, edits: readonly Edit[]): string {
  return edits.reduce((text, { file, find, replace }) => {
    const count = text.split(find).length - 1;
    if (count !== 1)
      throw new Error(`${file} holds this ${count} times, not once, as the edit needs it: ${find}`);
    return text.replace(find, () => replace);
  }, source);
}
