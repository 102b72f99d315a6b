import {
  type BridgePort,
  digestOf,
  ETHERNET_MTU,
  type Finding,
  type Inventory,
  PLAIN_PORT,
  type PortSettings,
  type VmDesired,
} from "@switchyard/model";
import { warningFinding } from "../findings/finding.ts";
import { netdevLink, pfLink, representorLink, vfRef } from "../host/datapath/pf-view.ts";
import { findPort } from "../host/datapath/ports.ts";
import type { Draft } from "../steps/draft.ts";
import type { NamedLink } from "../steps/ovs-steps.ts";
import {
  ensureAntiSpoof,
  ensureLinkMtu,
  ensureNoAntiSpoof,
  ensurePortLimits,
  ensurePortVlan,
  ensureVfPortSettings,
} from "../steps/port-steps.ts";
import type { NicSlot } from "./slot.ts";

/*
 * What networks ask of the ports of their VMs. A vDPA NIC has a representor, whose port in the bridge is
 * set; for a VF by vfio the card itself does what it can.
 */

const BITS_PER_MBIT = 1_000_000;

/** What a NIC's network asks of its port. */
export const settingsOf = (vm: VmDesired, { nic }: Pick<NicSlot, "nic">): PortSettings =>
  vm.portSettings?.[nic.network] ?? PLAIN_PORT;

/** A VF that a VM has by vfio goes through the NIC's own switch. */
const hasBridgePort = ({ nic }: NicSlot): boolean => nic.kind === "vdpa";

const linkOf = ({ view, vf }: NicSlot): NamedLink => representorLink(view, vf.index, vf);

/** The PF, or the bond that it is a port of and that passes its MTU on to it. */
function uplinkOf({ view }: NicSlot, observed: Inventory): NamedLink {
  const { netdev } = view.pf.link;
  const bond = observed.bonds?.find(({ ports }) => ports.includes(netdev));
  return bond === undefined ? pfLink(view) : netdevLink(bond.name);
}

/** The function's own netdev, where it has one. Its MTU is not in the inventory: the step looks. */
function vfMtuSteps({ view, vf }: NicSlot, mtu: number): readonly Draft[] {
  if (vf.netdev === undefined) return [];
  const link = { ref: { kind: "vf", vf: vfRef(view.pf, vf.index) } as const, name: vf.netdev };
  return [ensureLinkMtu(link, mtu)];
}

/**
 * The uplink takes at least as much as the representor, and that as much as the function: raised from the wire
 * inwards, lowered from the function outwards. The uplink is never lowered, as others may be on it.
 */
export function mtuSteps(
  slot: NicSlot,
  mtu: number,
  options: { readonly observed: Inventory; readonly wasJumbo: boolean },
): readonly Draft[] {
  const { view, vf } = slot;
  const uplink =
    view.pf.link.mtu < mtu ? [ensureLinkMtu(uplinkOf(slot, options.observed), mtu, true)] : [];
  const now = vf.representor?.mtu;
  const port = now === undefined || now === mtu ? [] : [ensureLinkMtu(linkOf(slot), mtu)];
  const own = mtu !== ETHERNET_MTU || options.wasJumbo ? vfMtuSteps(slot, mtu) : [];
  return now !== undefined && now > mtu ? [...own, ...port] : [...uplink, ...port, ...own];
}

/** Settings of the port as it will be: one that moves to another bridge is made anew, without any. */
function settledPort({ nic, ...slot }: NicSlot, observed: Inventory): BridgePort | undefined {
  const place = findPort(observed, linkOf({ nic, ...slot }).name);
  return place?.bridge.name === nic.bridge ? place.port : undefined;
}

const isSame = (left: unknown, right: unknown): boolean =>
  digestOf({ of: left }) === digestOf({ of: right });

function bridgePortSteps(
  slot: NicSlot,
  wanted: Pick<PortSettings, "vlan" | "sendLimit" | "receiveLimit">,
  observed: Inventory,
): readonly Draft[] {
  const now = settledPort(slot, observed)?.settings ?? {};
  const link = linkOf(slot);
  const { vlan, sendLimit: send, receiveLimit: receive } = wanted;
  const hasLimits = isSame(now.sendLimit, send) && isSame(now.receiveLimit, receive);
  return [
    ...(now.vlan === vlan ? [] : [ensurePortVlan(link, vlan)]),
    ...(hasLimits
      ? []
      : [
          ensurePortLimits(link, {
            ...{ mac: slot.nic.mac, send, receive },
            observed: {
              send: now.sendLimit !== undefined,
              receive: now.receiveLimit !== undefined,
            },
          }),
        ]),
  ];
}

/** The card counts whole megabits; a limit below one would be none. */
const toMbps = (bits: number): number => Math.max(1, Math.round(bits / BITS_PER_MBIT));

function vfSteps({ view, vf }: NicSlot, settings: PortSettings | undefined): readonly Draft[] {
  const { vlan = 0, hasAntiSpoof = false, sendLimit } = settings ?? {};
  const maxTxMbps = sendLimit === undefined ? 0 : toMbps(sendLimit.bitsPerSecond);
  const wanted = { vlan, isSpoofChecked: hasAntiSpoof, maxTxMbps };
  return [ensureVfPortSettings(view.pf.link.netdev, vfRef(view.pf, vf.index), wanted)];
}

/** Whether there is anything that the card shall do for the VF. */
const asksCard = ({ vlan, hasAntiSpoof, sendLimit }: PortSettings): boolean =>
  vlan !== undefined || hasAntiSpoof || sendLimit !== undefined;

/** What makes a NIC's port as its network asks, once the port is in its bridge. */
export function portSteps(
  slot: NicSlot,
  settings: PortSettings,
  observed: Inventory,
): readonly Draft[] {
  if (!hasBridgePort(slot)) return asksCard(settings) ? vfSteps(slot, settings) : [];
  const { nic } = slot;
  return [
    ...bridgePortSteps(slot, settings, observed),
    ...(settings.hasAntiSpoof ? [ensureAntiSpoof(nic.bridge, linkOf(slot), nic)] : []),
  ];
}

/** What gives the port back as it is without a VM. With Open vSwitch stopped, flows are gone already. */
export function portReleaseSteps(
  slot: NicSlot,
  settings: PortSettings,
  observed: Inventory,
): readonly Draft[] {
  const wasJumbo = settings.mtu !== ETHERNET_MTU;
  const mtus = mtuSteps(slot, ETHERNET_MTU, { observed, wasJumbo });
  if (!hasBridgePort(slot))
    return [...(asksCard(settings) ? vfSteps(slot, undefined) : []), ...mtus];
  if (observed.ovs?.isRunning !== true) return mtus;
  const { nic } = slot;
  return [
    ...(settings.hasAntiSpoof ? [ensureNoAntiSpoof(nic.bridge, nic.mac)] : []),
    ...bridgePortSteps(slot, {}, observed),
    ...mtus,
  ];
}

/** What of a network's wishes the way to this NIC can't do. */
export function portFindings(
  { vm }: VmDesired,
  slot: NicSlot,
  around: { readonly settings: PortSettings; readonly observed: Inventory },
): readonly Finding[] {
  const { settings, observed } = around;
  const { nic, vf } = slot;
  const isSwitched = hasBridgePort(slot);
  const limited = settings.receiveLimit !== undefined;
  const text = (message: string, found: string, needs: string): Finding =>
    warningFinding("LINT_FAILED", {
      ...{ message: `${message} of ${vm} on ${nic.network}`, found, needs },
      fix: "Nothing, if that will do; else another network for this VM.",
    });
  return [
    ...(limited && isSwitched && observed.ovs?.hwOffload === true
      ? [
          text(
            "only part of what passes is held to the receive limit",
            "hw-offload on: what the card forwards by itself passes no queue",
            "hw-offload off for a limit of all, or a send limit, which the card keeps",
          ),
        ]
      : []),
    ...(limited && !isSwitched
      ? [text("nothing keeps the receive limit", `VF ${vf.pciAddress} by vfio`, "a vDPA NIC")]
      : []),
    ...(settings.hasAntiSpoof && !isSwitched
      ? [
          text(
            "only MACs are checked for the anti-spoofing",
            `VF ${vf.pciAddress} by vfio`,
            "a vDPA NIC, whose flows check addresses too",
          ),
        ]
      : []),
  ];
}
