import {
  antiSpoofFlows,
  cidrAddress,
  type Ipv4Cidr,
  ipLinkMtu,
  ipVfSettingsSet,
  type MacAddress,
  ovsAddFlow,
  ovsClearShaping,
  ovsDelFlows,
  ovsSetPolicing,
  ovsSetShaping,
  ovsSetTag,
  type PlannedCommand,
  type RateLimit,
  type VfPortSettings,
  type VfRef,
} from "@switchyard/model";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";
import type { NamedLink } from "./ovs-steps.ts";

export const ensurePortVlan = (link: NamedLink, vlan: number | undefined): Draft =>
  draft(
    "ensurePortVlan",
    { link: link.ref, vlan },
    {
      title:
        vlan === undefined
          ? `Take ${link.name} out of its VLAN`
          : `Put ${link.name} into VLAN ${vlan}`,
      commands: [run(ovsSetTag(link.name, vlan))],
    },
  );

/** Rows that are there now are found by the step; a plan can't name them. */
const SHAPING_ROWS = { qos: ["<QoS of the NIC>"], queues: ["<Queue of the NIC>"] };

const shapingCommand = (
  link: NamedLink,
  { mac, receive, former }: { mac: MacAddress; receive: RateLimit | undefined; former: boolean },
): readonly PlannedCommand[] => {
  const rows = former ? SHAPING_ROWS : { qos: [], queues: [] };
  if (receive !== undefined) {
    return [run(ovsSetShaping(link.name, { mac, limit: receive, former: rows }))];
  }
  return former ? [run(ovsClearShaping(rows, { name: link.name, qos: undefined }))] : [];
};

/** @param nic.observed what the port has now, to show only the commands that will be run */
export function ensurePortLimits(
  link: NamedLink,
  nic: {
    readonly mac: MacAddress;
    readonly send: RateLimit | undefined;
    readonly receive: RateLimit | undefined;
    readonly observed: { readonly send: boolean; readonly receive: boolean };
  },
): Draft {
  const { mac, send, receive, observed } = nic;
  const isNone = send === undefined && receive === undefined;
  return draft(
    "ensurePortLimits",
    { link: link.ref, mac, send, receive },
    {
      title: `${isNone ? "Lift the limits of" : "Limit what passes"} ${link.name}`,
      commands: [
        ...(send === undefined && !observed.send ? [] : [run(ovsSetPolicing(link.name, send))]),
        ...shapingCommand(link, { mac, receive, former: observed.receive }),
      ],
    },
  );
}

export function ensureAntiSpoof(
  bridge: string,
  link: NamedLink,
  nic: { readonly mac: MacAddress; readonly address: Ipv4Cidr },
): Draft {
  const { mac } = nic;
  const address = cidrAddress(nic.address);
  const flows = antiSpoofFlows({ port: link.name, mac, address });
  return draft(
    "ensureAntiSpoof",
    { bridge, link: link.ref, mac, address },
    {
      title: `Let ${link.name} send as ${mac} and ${address} only`,
      commands: flows.map((flow) => run(ovsAddFlow(bridge, mac, flow))),
    },
  );
}

export const ensureNoAntiSpoof = (bridge: string, mac: MacAddress): Draft =>
  draft(
    "ensureNoAntiSpoof",
    { bridge, mac },
    {
      title: `Take the flows of ${mac} from bridge ${bridge}`,
      commands: [run(ovsDelFlows(bridge, mac))],
    },
  );

/** @param isLeast a larger MTU is left as it is */
export const ensureLinkMtu = (link: NamedLink, mtu: number, isLeast = false): Draft =>
  draft(
    "ensureLinkMtu",
    { link: link.ref, mtu, ...(isLeast && { isLeast }) },
    {
      title: `Give ${link.name} an MTU of ${mtu}`,
      commands: [run(ipLinkMtu(link.name, mtu))],
    },
  );

export const ensureVfPortSettings = (pf: string, vf: VfRef, settings: VfPortSettings): Draft =>
  draft(
    "ensureVfPortSettings",
    { vf, settings },
    {
      title: `Set what ${pf} does for VF ${vf.index}`,
      commands: [run(ipVfSettingsSet(pf, vf.index, settings))],
    },
  );
