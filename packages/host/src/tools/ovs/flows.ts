import type { FlowPlace } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";
import { ovsDumpFlows } from "./commands.ts";

/** One flow of the datapath that carries traffic now. */
export interface DatapathFlow {
  /** Names it as long as it lives; undefined where the datapath gives none. */
  readonly ufid: string | undefined;
  /** Netdev it comes in by. */
  readonly inPort: string;
  /** As printed: names of ports, or `drop`, `userspace(…)`, `ct(…)`. */
  readonly actions: string;
  /** Whether the card forwards it. */
  readonly isOffloaded: boolean;
  readonly place: FlowPlace;
  /** Since the flow was set up; bytes of the card's flows leave out Ethernet headers. */
  readonly packets: number;
  readonly bytes: number;
}

/** Flows are capped at 200000 by default; text beyond it is cut. @see ovs-vswitchd.conf.db(5), flow-limit */
const FLOWS_BYTES_MAX = 16 * 1024 * 1024;

/**
 * `…,in_port(eth0),…, packets:1, …, offloaded:yes, dp:tc, actions:eth1`; a line that was cut is left out.
 *
 * @see openvswitch/ovs lib/dpctl.c, format_dpif_flow
 */
export function parseDatapathFlows(text: string): readonly DatapathFlow[] {
  return text.split("\n").flatMap((line) => {
    const inPort = /\bin_port\(([^)]+)\)/.exec(line)?.[1];
    const actions = /\bactions:(.*)$/.exec(line)?.[1];
    if (inPort === undefined || actions === undefined) return [];
    const place = placeOf(line);
    return [
      {
        ufid: /\bufid:([0-9a-f-]+)/.exec(line)?.[1],
        inPort,
        actions: actions.trim(),
        ...{ isOffloaded: place === "card", place },
        packets: Number(/\bpackets:(\d+)/.exec(line)?.[1] ?? 0),
        bytes: Number(/\bbytes:(\d+)/.exec(line)?.[1] ?? 0),
      },
    ];
  });
}

function placeOf(line: string): FlowPlace {
  if (/\boffloaded:yes\b/.test(line)) return "card";
  if (/\boffloaded:partial\b/.test(line)) return "partly-card";
  return /\bdp:tc\b/.test(line) ? "tc-software" : "kernel";
}

/** @throws CommandError COMMAND_FAILED (vswitchd does not run), COMMAND_NOT_STARTED */
export async function readDatapathFlows(host: Host): Promise<readonly DatapathFlow[]> {
  const { stdout } = await runChecked(host, {
    argv: ovsDumpFlows(),
    maxOutputBytes: FLOWS_BYTES_MAX,
  });
  return parseDatapathFlows(stdout);
}
