import {
  type Ipv4Cidr,
  ipAddressAdd,
  ipAddressDel,
  ipLinkSet,
  type LinkRef,
  ovsAddBridge,
  ovsAddPort,
  ovsClearRestartPending,
  ovsCtlRestart,
  ovsCtlStart,
  ovsDelBridge,
  ovsDelPort,
  ovsSetHwOffload,
} from "@switchyard/model";
import { run } from "./commands.ts";
import { type Draft, draft } from "./draft.ts";

/** A link by fact, with the name it has now or is predicted to have. */
export interface NamedLink {
  readonly ref: LinkRef;
  readonly name: string;
}

export const ensureOvsRunning = (): Draft =>
  draft(
    "ensureOvsRunning",
    {},
    { title: "Start Open vSwitch", commands: [run(ovsCtlStart())], disruption: "none" },
  );

export const ensureHwOffload = (isEnabled: boolean): Draft =>
  draft(
    "ensureHwOffload",
    { isEnabled },
    {
      title: `Turn hw-offload ${isEnabled ? "on" : "off"} and restart Open vSwitch`,
      commands: [
        run(ovsSetHwOffload(isEnabled)),
        run(ovsCtlRestart()),
        run(ovsClearRestartPending()),
      ],
      disruption: "ovs-restart",
    },
  );

export const ensureBridge = (bridge: string, isAdopted = false): Draft =>
  draft(
    "ensureBridge",
    { bridge, ...(isAdopted && { isAdopted }) },
    { title: `Create bridge ${bridge}`, commands: [run(ovsAddBridge(bridge))] },
  );

/** Not reversible: flows and settings that others put on the bridge are gone with it. */
export const ensureNoBridge = (bridge: string): Draft =>
  draft(
    "ensureNoBridge",
    { bridge },
    {
      title: `Delete bridge ${bridge}`,
      commands: [run(ovsDelBridge(bridge))],
      disruption: "datapath",
      isReversible: false,
    },
  );

export const ensureBridgePort = (bridge: string, link: NamedLink): Draft =>
  draft(
    "ensureBridgePort",
    { bridge, link: link.ref },
    {
      title: `Add ${link.name} to bridge ${bridge}`,
      commands: [run(ovsAddPort(bridge, link.name))],
    },
  );

export const ensureNoBridgePort = (bridge: string, link: NamedLink): Draft =>
  draft(
    "ensureNoBridgePort",
    { bridge, link: link.ref },
    {
      title: `Take ${link.name} out of bridge ${bridge}`,
      commands: [run(ovsDelPort(bridge, link.name))],
      disruption: "datapath",
    },
  );

/** @param superseded addresses of the same subnet that the bridge carries now */
export const ensureBridgeAddress = (
  bridge: string,
  address: Ipv4Cidr,
  superseded: readonly Ipv4Cidr[],
): Draft =>
  draft(
    "ensureBridgeAddress",
    { bridge, address },
    {
      title: `Give bridge ${bridge} the address ${address}`,
      commands: [
        ...superseded.map((each) => run(ipAddressDel(bridge, each))),
        run(ipAddressAdd(bridge, address)),
      ],
    },
  );

export const ensureLinkUp = (link: NamedLink): Draft =>
  draft(
    "ensureLinkState",
    { link: link.ref, isUp: true },
    { title: `Bring ${link.name} up`, commands: [run(ipLinkSet(link.name, "up"))] },
  );
