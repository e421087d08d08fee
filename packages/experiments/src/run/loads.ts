import { openWan } from "@destiny/simulator/network/wan";
import type { Load } from "./scenario.ts";

/** So many clients in all, spread over the regions of a WAN. Throws ConfigurationError if there is no such WAN. */
export function closedLoad(clients: number, inFlight: number, wan: string): Load {
  return { type: "closed", clientsPerRegion: clients / openWan(wan).regions.length, inFlight };
}
