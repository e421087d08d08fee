import { readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { type CostProfile, parseProfile } from "@destiny/simulator/machine/cost-profile";

/** Profiles that come with the project. */
const PROFILES = ["paper-2022", "modern"] as const;

/** Where a profile that comes with the project is. */
export function profilePath(name: string): string {
  return fileURLToPath(new URL(`../../data/profiles/${name}.json`, import.meta.url));
}

/** The profile of this name, or in this file. Throws ConfigurationError that says what is wrong. */
export function openProfile(nameOrPath: string): CostProfile {
  const known = PROFILES.some((name) => name === nameOrPath);
  const path = known ? profilePath(nameOrPath) : nameOrPath;
  return parseProfile(readJson(path, nameOrPath));
}

function readJson(path: string, name: string): unknown {
  try {
    return JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new ConfigurationError(
      `the cost profile ${name}: ${reason}; give ${PROFILES.join(", ")} or a JSON file`,
    );
  }
}
