import { ConfigurationError } from "@destiny/core/kernel/configuration-error";
import { checkShape, readJsonFile } from "../files/json-file.ts";
import { checkGenesis } from "./check-genesis.ts";
import type { Genesis } from "./genesis.ts";
import { genesisShape } from "./shape.ts";

const REMEDY = "copy the file that `destiny init` wrote, the same to all replicas";

/** Reads and checks a genesis file. Throws {@link ConfigurationError} for anything that is not right in it. */
export function readGenesis(path: string): Genesis {
  const genesis = readJsonFile(path, genesisShape, REMEDY);
  try {
    checkGenesis(genesis);
  } catch (error) {
    if (error instanceof ConfigurationError) throw new ConfigurationError(`${path}: ${error.message}`);
    throw error;
  }
  return genesis;
}

/** The same for what `JSON.parse` gave. */
export function parseGenesis(value: unknown): Genesis {
  const genesis = checkShape("the genesis", value, genesisShape, REMEDY);
  checkGenesis(genesis);
  return genesis;
}
