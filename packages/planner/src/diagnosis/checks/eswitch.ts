import { type CHECKS_OF_HOST, compareFirmware, formatFirmware, type Link } from "@switchyard/model";
import {
  CONNECTX6_DX_FAMILY,
  FIRMWARE_OF_SWITCHDEV,
} from "../../host/datapath/datapath-findings.ts";
import { findVfOf, type PfView } from "../../host/datapath/pf-view.ts";
import { portName, vfName, vfsOf, withPorts, withSwitchdev } from "../ports.ts";
import {
  failOn,
  type HostCheck,
  pass,
  skip,
  type Verdict,
  warn,
  warnOn,
  withLook,
  withParts,
} from "../verdict.ts";
import { kernelLog } from "./host.ts";

/** Drivers that hand a function to a VM whole. */
export const VFIO_DRIVERS: ReadonlySet<string> = new Set(["vfio-pci", "mlx5_vfio_pci"]);

const firmware = withParts(["nics"], ({ nics }) => {
  const known = nics.filter(({ nicProfile }) => nicProfile === "mlx5");
  const judged = known.flatMap(({ model, psid, firmware: versions }) =>
    versions?.running.startsWith(CONNECTX6_DX_FAMILY) ? [{ model, psid, ...versions }] : [],
  );
  if (judged.length === 0) return skip("no NIC of a family whose oldest firmware is known");
  const old = judged.filter(({ running }) => compareFirmware(running, FIRMWARE_OF_SWITCHDEV) < 0);
  const text = ({ model, running, psid }: (typeof judged)[number]) =>
    `${model}: ${formatFirmware(running)} runs (PSID ${psid ?? "unknown"})`;
  const isWaiting = old.some(({ stored }) => compareFirmware(stored, FIRMWARE_OF_SWITCHDEV) >= 0);
  return failOn(
    old.map(text),
    judged.map(text).join(", "),
    isWaiting ? "Reboot the host: a newer firmware is stored and waits for it." : undefined,
  );
});

/** VFs in legacy mode, while the profile wants switchdev. */
const vfsInTheWay = withPorts([], (ports, _inventory, { desired }) => {
  if (desired?.datapath?.mode !== "vdpa") return skip("no profile asks for switchdev mode");
  const legacy = ports.filter(({ pf }) => pf.eswitchMode === "legacy" && pf.vfCount > 0);
  return warnOn(
    legacy.map((port) => `${port.pf.vfCount} VFs in legacy mode on ${portName(port)}`),
    ports.map((port) => `${portName(port)}: ${port.pf.eswitchMode}`).join(", "),
  );
});

/** Rules on ports of a card in legacy mode: what is left of an Open vSwitch that did not clean up. */
const leftRules: HostCheck = (facts) => {
  const { inventory } = facts;
  return withLook("netdevs", (netdevs) => {
    const legacy = (inventory?.nics ?? [])
      .flatMap(({ pfs }) => pfs)
      .filter(({ eswitchMode }) => eswitchMode === "legacy")
      .map(({ link }) => link.netdev);
    if (inventory === undefined) return skip("the host has not reported its inventory");
    const looked = netdevs.filter(({ name }) => legacy.includes(name));
    if (legacy.length > 0 && looked.every(({ filters }) => filters === undefined)) {
      return skip("the rules on the ports could not be read");
    }
    const left = looked.filter(({ filters }) => (filters?.count ?? 0) > 0);
    return failOn(
      left.map(
        ({ name, filters }) => `${filters?.count} rules on ${name}, which is in legacy mode`,
      ),
      "no rules on ports in legacy mode",
    );
  })(facts);
};

const wantedMode = withPorts([], (ports, _inventory, { desired, isApplied }) => {
  const mode = desired?.datapath?.mode;
  if (mode === undefined) return skip("no profile asks for a mode");
  const wanted = mode === "vdpa" ? "switchdev" : "legacy";
  const other = ports.filter(({ pf }) => pf.eswitchMode !== wanted);
  const found = other.map((port) => `${portName(port)} is in ${port.pf.eswitchMode} mode`);
  if (found.length === 0) return pass(`${ports.map(portName).join(", ")}: ${wanted}`);
  return isApplied ? { status: "fail", evidence: found } : warn(found);
});

const linkName = ({ netdev }: Link, of: string): string => `${netdev}, ${of}, is down`;

const linksUp = withSwitchdev([], (ports) => {
  const down = ports.flatMap((port) => [
    ...(port.pf.link.isUp ? [] : [linkName(port.pf.link, `PF ${port.pf.pciAddress}`)]),
    ...port.pf.vfs.flatMap((vf) =>
      vf.representor === undefined || vf.representor.isUp
        ? []
        : [linkName(vf.representor, `representor of ${vfName(port, vf)}`)],
    ),
  ]);
  return failOn(down, ports.map(portName).join(", "));
});

const carrier = withPorts([], (ports) => {
  const up = ports.filter(({ pf }) => pf.link.isUp);
  if (up.length === 0) return skip("the uplink is down: see C10");
  return failOn(
    up.filter(({ pf }) => !pf.link.hasCarrier).map((port) => `${portName(port)} has no carrier`),
    up.map(portName).join(", "),
  );
});

/** vDPA drives the function beside its netdev, which may then stay down. */
const vfLinks = withSwitchdev(["vdpa"], (ports, _inventory, facts) =>
  withLook("netdevs", (netdevs) => {
    const vfs = vfsOf(ports).filter(({ vf }) => vf.netdev !== undefined);
    const used = new Set(vfs.filter(({ vf }) => vf.vdpa === undefined).map(({ vf }) => vf.netdev));
    const looked = netdevs.filter(({ name }) => vfs.some(({ vf }) => vf.netdev === name));
    if (looked.length === 0) return skip("no VF has a netdev on the host");
    return warnOn(
      looked
        .filter(({ name, isUp }) => !isUp && used.has(name))
        .map(({ name }) => `${name} is down`),
      looked
        .map(({ name, isUp }) => `${name} is ${isUp ? "up" : "down, and unused beside vDPA"}`)
        .join(", "),
    );
  })(facts),
);

/** A PF that vfio took is no port of a NIC any more, so the bus is asked. */
const takenByVfio = withLook("functions", (functions) => {
  const pfs = functions.filter(({ isVf }) => !isVf);
  if (pfs.length === 0) return skip("no function of a SmartNIC was found on the PCI bus");
  return failOn(
    pfs
      .filter(({ driver }) => driver !== undefined && VFIO_DRIVERS.has(driver))
      .map(({ pciAddress, driver }) => `${pciAddress} is bound to ${driver}`),
    pfs.map(({ pciAddress, driver }) => `${pciAddress}: ${driver ?? "no driver"}`).join(", "),
  );
});

const vfCount = withPorts([], (ports, _inventory, { desired, isApplied }) => {
  const wanted = desired?.datapath?.vfCount;
  if (wanted === undefined) return skip("no profile asks for VFs");
  const found = ports
    .filter(({ pf }) => pf.vfCount !== wanted)
    .map((port) => `${port.pf.vfCount} of ${wanted} VFs on ${portName(port)}`);
  if (found.length === 0) return pass(`${wanted} VFs`);
  return isApplied ? { status: "fail", evidence: found } : warn(found);
});

function vfTrouble(port: PfView, isVdpa: boolean): readonly string[] {
  const { pf } = port;
  return Array.from({ length: pf.vfCount }, (_, index) => index).flatMap((index) => {
    const vf = findVfOf(pf, index);
    if (vf === undefined) return [`${vfName(port, { index })} is not there`];
    const lacksRepresentor = pf.eswitchMode === "switchdev" && vf.representor === undefined;
    const hasOtherDriver = isVdpa && vf.driver !== vf.vdpaDriver;
    return [
      ...(lacksRepresentor ? [`${vfName(port, vf)} has no representor`] : []),
      ...(hasOtherDriver
        ? [`${vfName(port, vf)} is bound to ${vf.driver ?? "nothing"}, not to ${vf.vdpaDriver}`]
        : []),
    ];
  });
}

const vfsReady = withPorts([], (ports, _inventory, { desired }): Verdict => {
  const count = ports.reduce((sum, { pf }) => sum + pf.vfCount, 0);
  if (count === 0) return skip("there are no VFs");
  const isVdpa = desired?.datapath === undefined || desired.datapath.mode === "vdpa";
  return failOn(
    ports.flatMap((port) => vfTrouble(port, isVdpa && port.pf.eswitchMode === "switchdev")),
    `${count} VFs`,
  );
});

const passedThrough = withSwitchdev([], (ports) => {
  const vfs = vfsOf(ports);
  if (vfs.length === 0) return skip("there are no VFs");
  return failOn(
    vfs
      .filter(({ vf }) => vf.driver !== undefined && VFIO_DRIVERS.has(vf.driver))
      .map(({ port, vf }) => `${vfName(port, vf)} is bound to ${vf.driver} in switchdev mode`),
    `${vfs.length} VFs, none bound to vfio`,
  );
});

/** @see CHECKS_OF_HOST for what each is about */
export const ESWITCH_CHECK_RUNS = {
  C01: firmware,
  C02: vfsInTheWay,
  C04: leftRules,
  C06: kernelLog("C06"),
  C08: wantedMode,
  C10: linksUp,
  C12: takenByVfio,
  "VF-COUNT": vfCount,
  "VF-READY": vfsReady,
  "LINK-CARRIER": carrier,
  "LINK-VF": vfLinks,
  F14: passedThrough,
} as const satisfies Partial<Record<keyof typeof CHECKS_OF_HOST, HostCheck>>;
