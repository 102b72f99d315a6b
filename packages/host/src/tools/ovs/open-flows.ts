import {
  flowCookieOf,
  type MacAddress,
  ovsAddFlow,
  ovsDelFlows,
  type PortFlow,
} from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { ovsDumpOpenFlows } from "./commands.ts";
import { change, ovsError } from "./ovs.ts";

/** A flow of a bridge's OpenFlow table as far as it is compared. */
export interface OpenFlow {
  /** Lower-case hex with `0x`; `0x0` where there is none. */
  readonly cookie: string;
  readonly priority: number;
  /** Fields, sorted: `arp`, `in_port=1`. */
  readonly match: readonly string[];
  readonly actions: string;
}

/** Flows of a table at most; text beyond it is cut. */
const FLOWS_BYTES_MAX = 16 * 1024 * 1024;

/** What a flow without a priority has. @see ovs-ofctl(8), Flow Syntax */
const PRIORITY_DEFAULT = 32_768;

const fieldsOf = (match: string): readonly string[] =>
  match
    .split(/[, ]+/)
    .filter((part) => part !== "")
    .sort();

/**
 * ` cookie=0x5, priority=200,arp,in_port=1,arp_spa=10.0.0.1 actions=NORMAL`, a line each.
 *
 * @see openvswitch/ovs lib/ofp-flow.c, ofputil_flow_stats_format
 */
export function parseOpenFlows(text: string): readonly OpenFlow[] {
  return text.split("\n").flatMap((line) => {
    const [, before, actions] = /^ *(\S.*?)[ ,]?actions=(.*)$/.exec(line) ?? [];
    if (before === undefined || actions === undefined) return [];
    const fields = fieldsOf(before);
    const textOf = (name: string) =>
      fields.find((field) => field.startsWith(`${name}=`))?.slice(name.length + 1);
    return [
      {
        cookie: textOf("cookie") ?? "0x0",
        priority: Number(textOf("priority") ?? PRIORITY_DEFAULT),
        match: fields.filter((field) => !/^(cookie|priority|table|duration)=/.test(field)),
        actions: actions.trim(),
      },
    ];
  });
}

/** All flows of a bridge. @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED (no such bridge) */
export async function listOpenFlows(host: Host, bridge: string): Promise<readonly OpenFlow[]> {
  const argv = ovsDumpOpenFlows(bridge);
  const result = await host.run({ argv, maxOutputBytes: FLOWS_BYTES_MAX });
  if (result.exitCode !== 0) throw ovsError(`flows of ${bridge} can't be read`, argv, result);
  return parseOpenFlows(result.stdout);
}

const keyOf = (flow: { priority: number; match: readonly string[]; actions: string }): string =>
  `${flow.priority} ${flow.match.join(",")} ${flow.actions}`;

/** What a NIC's flows lack, as places in `wanted`, and whether it has any that are not wanted. */
export function compareFlows(
  flows: readonly OpenFlow[],
  mac: MacAddress,
  wanted: readonly PortFlow[],
): { readonly missing: readonly number[]; readonly hasOthers: boolean } {
  const own = flows.filter(({ cookie }) => cookie === flowCookieOf(mac)).map(keyOf);
  const keys = wanted.map((flow) => keyOf({ ...flow, match: fieldsOf(flow.match) }));
  return {
    missing: keys.flatMap((key, at) => (own.includes(key) ? [] : [at])),
    hasOthers: own.some((key) => !keys.includes(key)),
  };
}

/** Whether a NIC's flows are these and no others; order does not matter. */
export function hasExactly(...args: Parameters<typeof compareFlows>): boolean {
  const { missing, hasOthers } = compareFlows(...args);
  return missing.length === 0 && !hasOthers;
}

/** Adds a flow of the NIC; may run twice. @throws HostError OVS_NOT_RUNNING, OVS_CHANGE_FAILED */
export const addNicFlow = (
  host: Host,
  bridge: string,
  nic: { readonly mac: MacAddress; readonly flow: PortFlow },
): Promise<void> =>
  change(host, ovsAddFlow(bridge, nic.mac, nic.flow), `a flow of ${nic.mac} was not added`);

/** Deletes all flows of the NIC and no others; none is success. @throws HostError as `addNicFlow` */
export const deleteNicFlows = (host: Host, bridge: string, mac: MacAddress): Promise<void> =>
  change(host, ovsDelFlows(bridge, mac), `flows of ${mac} were not deleted`);
