import type { Host } from "../../port/host.ts";
import { arrayOf, recordOf, textOf } from "../json.ts";
import { runJson } from "../tool.ts";
import { ipNeighbours } from "./commands.ts";

export interface Neighbour {
  readonly netdev: string;
  readonly address: string;
  /** Lower case. */
  readonly mac: string;
}

/** States in which the kernel has heard the neighbour lately, or was told of it. @see ip-neighbour(8) */
const CERTAIN = ["REACHABLE", "PERMANENT"];

/** Neighbours in other states may be of long ago. @see iproute2/iproute2 ip/ipneigh.c, print_neigh */
export const parseNeighbours = (answer: unknown): readonly Neighbour[] =>
  arrayOf(answer)
    .map(recordOf)
    .flatMap((entry) => {
      const [address, netdev, mac] = ["dst", "dev", "lladdr"].map((key) => textOf(entry[key]));
      const isCertain = arrayOf(entry["state"]).some((state) => CERTAIN.includes(String(state)));
      if (!isCertain || address === undefined || netdev === undefined || mac === undefined)
        return [];
      return [{ netdev, address, mac: mac.toLowerCase() }];
    });

/** Who answers for which IPv4 address, as far as the kernel is sure of it. Asks nobody. */
export const listNeighbours = async (host: Host): Promise<readonly Neighbour[]> =>
  parseNeighbours(await runJson(host, ipNeighbours()));
