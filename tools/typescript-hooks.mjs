// Transpiles TypeScript as it is loaded, for tools that must run the sources as they stand: nothing is built, no type is
// checked. What was transpiled is kept in the temporary folder under the hash of its source.
import { createHash, randomBytes } from "node:crypto";
import { mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { patchedSource } from "./typescript-patches.mjs";

const VERSION = "1";
const folder = join(tmpdir(), `destiny-sources-${process.getuid?.() ?? 0}`);

async function transpile(path, source) {
  const key = createHash("sha256").update(`${VERSION} ${path} ${source}`).digest("hex");
  const cached = join(folder, key);
  try {
    return readFileSync(cached, "utf8");
  } catch {
    // Not there yet.
  }
  const { default: typescript } = await import("typescript");
  const { outputText } = typescript.transpileModule(source, {
    fileName: path,
    compilerOptions: {
      target: typescript.ScriptTarget.ES2023,
      module: typescript.ModuleKind.ESNext,
      verbatimModuleSyntax: true,
      inlineSourceMap: true,
      inlineSources: true,
    },
  });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  const draft = `${cached}-${randomBytes(6).toString("hex")}`;
  writeFileSync(draft, outputText);
  renameSync(draft, cached); // Others may be at it at the same time.
  return outputText;
}

/** Node calls it for every module. @public */
export async function load(url, context, next) {
  if (!url.startsWith("file:") || !url.endsWith(".ts")) return next(url, context);
  const path = fileURLToPath(url);
  return { format: "module", source: await transpile(path, patchedSource(path)), shortCircuit: true };
}
