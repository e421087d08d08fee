// Builds the native BLS addon when `npm ci` or `npm install` runs. It never fails an installation: without a compiler,
// Python, headers or the blst sources, the pure JavaScript back end does the same work, slower.
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const built = join(here, "build", "Release", "destiny_bls.node");
const stamp = join(here, "build", "stamp");
const timeoutMillis = 180_000;

function blstFolder() {
  try {
    return join(dirname(require.resolve("c-kzg/package.json")), "deps", "blst");
  } catch {
    return undefined;
  }
}

function nodeGyp() {
  const given = process.env.npm_config_node_gyp;
  if (given !== undefined && existsSync(given)) return given;
  const npm = process.env.npm_execpath;
  const bundled = npm === undefined ? "" : join(dirname(npm), "../node_modules/node-gyp/bin/node-gyp.js");
  return existsSync(bundled) ? bundled : undefined;
}

/** Headers that came with this Node spare a download; without them node-gyp fetches or finds its own. */
function headers() {
  const prefix = resolve(process.execPath, "../..");
  if (process.env.npm_config_nodedir !== undefined) return [];
  return existsSync(join(prefix, "include/node/node_api.h")) ? [`--nodedir=${prefix}`] : [];
}

function fingerprint() {
  const hash = createHash("sha256").update(`${process.platform} ${process.arch}`);
  for (const name of [
    "binding.gyp",
    "addon.c",
    "bls.c",
    "bls.h",
    "file-pages.c",
    "file-pages.h",
    "build.mjs",
  ])
    hash.update(readFileSync(join(here, name)));
  return hash.digest("hex");
}

function isCurrent(wanted) {
  return existsSync(built) && existsSync(stamp) && readFileSync(stamp, "utf8") === wanted;
}

/** Why there is no addon, or undefined when there is one. */
function build() {
  if (process.env.DESTINY_BLS === "js") return "DESTINY_BLS=js";
  const wanted = fingerprint();
  if (isCurrent(wanted)) return undefined;
  rmSync(join(here, "build"), { recursive: true, force: true });
  const blst = blstFolder();
  if (blst === undefined) return "the blst sources (package c-kzg) are not installed";
  const gyp = nodeGyp();
  if (gyp === undefined) return "no node-gyp beside this npm";
  const { status, error, stdout, stderr } = spawnSync(
    process.execPath,
    [gyp, "rebuild", "--jobs=2", ...headers()],
    {
      cwd: here,
      env: { ...process.env, DESTINY_BLST: relative(here, blst).replaceAll("\\", "/") },
      encoding: "utf8",
      timeout: timeoutMillis,
    },
  );
  mkdirSync(join(here, "build"), { recursive: true });
  writeFileSync(join(here, "build", "build.log"), `${stdout}\n${stderr}\n`);
  if (status !== 0)
    return `node-gyp failed (${error?.message ?? `status ${status}`}): see native/build/build.log`;
  writeFileSync(stamp, wanted);
  return undefined;
}

let outcome = "native BLS: ready";
try {
  const reason = build();
  if (reason !== undefined) outcome = `native BLS: not built, JavaScript instead: ${reason}`;
} catch (error) {
  outcome = `native BLS: not built, JavaScript instead: ${error}`;
}
process.stdout.write(`${outcome}\n`);
