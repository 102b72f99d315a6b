import {
  type FirmwareVersion,
  parseFirmwareVersion,
  QEMU_LINK,
  QEMU_OF_RHEL,
} from "@switchyard/model";
import { type Clock, type Random, systemClock, systemRandom } from "@switchyard/runtime";
import { BASE_FILES } from "../files/base-files.ts";
import { FileStore } from "../files/file-store.ts";
import type { HttpServer, HttpServers } from "../http/http.ts";
import { receiveFromWire, stacksWithMac } from "../l2/forwarding.ts";
import { SimWire } from "../l2/wire.ts";
import { createOvsDatabase, type OvsDatabase } from "../ovs/database.ts";
import { createSimWeb, type SimWeb } from "../web/sim-web.ts";
import { startAct } from "./act.ts";
import { installBmc, machineIdrac } from "./bios.ts";
import { addNics } from "./bmc-nics.ts";
import { bringUp, emptyBoot } from "./boot.ts";
import { installFirstDriver } from "./driver.ts";
import { hostWatts } from "./energy.ts";
import { createFirmwareConfig } from "./firmware-config.ts";
import { installFirstKernel, kernelToBoot, makeInitramfs } from "./kernels.ts";
import { type Machine, newMachineUuid } from "./machine.ts";
import type { ManagementPorts } from "./migration-side.ts";
import { netdevsOf } from "./netdev.ts";
import { DISTRIBUTIONS } from "./packages/distribution.ts";
import { initialPackages } from "./packages/packages.ts";
import { type CardSpec, type MachineOverrides, type MachineSpec, r740 } from "./spec.ts";

/** Firmware of a card that was brought up to date. Source: the seed procedure, 22.39.10.02 */
const FIRMWARE_CURRENT = "22.39.1002" as FirmwareVersion;

export interface MachineOptions {
  /** Name of the host; default `r740-01`. */
  readonly name?: string;
  readonly clock?: Clock;
  readonly random?: Random;
  /** The switch the card's ports are cabled to; without one each machine has a switch to itself. */
  readonly wire?: SimWire;
  /** Servers it can download from; default: none. */
  readonly web?: SimWeb;
  /** Ports with a cable; default: the first one, and that of the management network. */
  readonly cabledPorts?: readonly number[];
  readonly overrides?: MachineOverrides;
  /** What differs of the card; ports have other addresses and names in other machines. */
  readonly card?: Partial<CardSpec>;
  /** Ordinary files besides those every host has, by path. */
  readonly files?: Readonly<Record<string, string>>;
  /** Web servers that the machine reaches, by the `host` of their URLs. */
  readonly httpServers?: Readonly<Record<string, HttpServer>>;
  /** The management network's BMCs, among which its own will be; default: its own alone. */
  readonly bmcs?: HttpServers;
  /** Of all machines among which VMs go live; default: its own alone. */
  readonly managementPorts?: ManagementPorts;
  /** Number of the machine, 1 to 65000, from which its addresses are made; default: by chance. */
  readonly position?: number;
}

const POSITION_MAX = 65_000;
const MANAGEMENT_GATEWAY = "10.20.0.1";

/** `10.20.0.0/16`, from .0.11 on. */
function managementCidr(position: number): string {
  const host = position + 10;
  return `10.20.${host >> 8}.${host & 255}/16`;
}

function createDatabase(spec: MachineSpec, newUuid: () => string): OvsDatabase {
  const hostname = spec.name;
  return createOvsDatabase(newUuid(), {
    cur_cfg: 0,
    next_cfg: 0,
    datapath_types: ["netdev", "system"],
    db_version: ["8.3.1"],
    doca_version: ["none"],
    dpdk_version: ["MLNX_DPDK 22.11.2404.0.11"],
    external_ids: { hostname, rundir: "/var/run/openvswitch", "system-id": newUuid() },
    iface_types: [
      "bareudp",
      "erspan",
      "geneve",
      "gre",
      "internal",
      "patch",
      "system",
      "tap",
      "vxlan",
    ],
    ovs_version: [spec.ovsVersion],
    system_type: ["rocky"],
    system_version: ["9.4"],
  });
}

/** Plugs a cable into a port of the card; one that is there stays. */
export function plugCable(machine: Machine, port: number): void {
  const { wire, cables } = machine;
  const pciAddress = machine.spec.card.ports[port]?.pciAddress;
  if (pciAddress === undefined || wire === undefined || cables.has(pciAddress)) return;
  const end = wire.attach({
    receive: (frame) => receiveFromWire(machine, pciAddress, frame),
    stacksWithMac: (mac) => stacksWithMac(machine, mac),
  });
  cables.set(pciAddress, end);
}

/** The first port, and the one on which the management network is. */
const defaultCables = ({ card, management }: MachineSpec): readonly number[] =>
  card.ports.flatMap(({ netdev }, port) =>
    port === 0 || netdev === management.netdev ? port : [],
  );

/** Pulls the cable out of a port: its carrier goes. */
export function pullCable(machine: Machine, port: number): void {
  const pciAddress = machine.spec.card.ports[port]?.pciAddress;
  const end = pciAddress === undefined ? undefined : machine.cables.get(pciAddress);
  if (pciAddress === undefined || end === undefined) return;
  machine.wire?.detach(end);
  machine.cables.delete(pciAddress);
  const [netdev] = netdevsOf(machine, "uplink").filter((each) => each.pciAddress === pciAddress);
  if (netdev?.isUp === true) netdev.linkDownCount += 1;
}

/** Rocky's files are shared by all machines; another distribution's are the machine's own. */
function writeDistribution({ spec, files }: Machine): void {
  const { name, osRelease, files: own } = DISTRIBUTIONS[spec.distribution];
  for (const [path, text] of Object.entries(own)) files.write(path, text);
  if (name === "rocky9") return;
  files.remove("/etc/redhat-release");
  files.write("/etc/os-release", osRelease);
}

/** What the installed packages brought, and QEMU's name that the seed procedure makes. */
function writePackageFiles(machine: Machine): void {
  const { files, packages } = machine;
  const { packageFiles } = DISTRIBUTIONS[machine.spec.distribution];
  for (const { name } of packages.installed) {
    for (const [path, text] of Object.entries(packageFiles[name] ?? {})) files.write(path, text);
  }
  const isLinked = files.isFile(QEMU_OF_RHEL) && !files.isFile(QEMU_LINK);
  if (isLinked) files.makeLink(QEMU_LINK, QEMU_OF_RHEL);
}

const configSet = ({ card }: MachineSpec): Readonly<Record<string, number>> => ({
  SRIOV_EN: card.isSriovEnabled ? 1 : 0,
  NUM_OF_VFS: card.totalVfs,
});

/** Builds an R740 and switches it on. */
export function createMachine(options: MachineOptions = {}): Machine {
  const clock = options.clock ?? systemClock;
  const random = options.random ?? systemRandom;
  const name = options.name ?? "r740-01";
  const position = options.position ?? 1 + Math.floor(random.float() * POSITION_MAX);
  const overrides = options.overrides ?? {};
  const { firmware: chosen } = overrides;
  const firmware = chosen === undefined ? FIRMWARE_CURRENT : parseFirmwareVersion(chosen);
  const spec = r740({
    name,
    hardwareId: `${random.hex(5)}${position.toString(16).padStart(6, "0")}`,
    firmware,
    managementCidr: managementCidr(position),
    managementGateway: MANAGEMENT_GATEWAY,
    overrides,
    card: options.card ?? {},
  });
  const seams = { clock, random };
  const packages = initialPackages(spec);
  const machine: Machine = {
    ...seams,
    spec,
    cables: new Map(),
    wire: options.wire ?? new SimWire(),
    web: options.web ?? createSimWeb(),
    firmware: {
      running: firmware,
      stored: firmware,
      waitsForColdCycle: spec.firmwareWaitsForColdCycle,
      isHeld: false,
      config: new Map(
        spec.card.ports.map(({ pciAddress }) => [
          pciAddress,
          createFirmwareConfig(configSet(spec)),
        ]),
      ),
    },
    files: new FileStore(BASE_FILES),
    bmc: machineIdrac(spec),
    httpServers: new Map(Object.entries(options.httpServers ?? {})),
    bmcs: options.bmcs ?? new Map(),
    managementPorts: options.managementPorts ?? new Map(),
    packages,
    ovsDatabase: createDatabase(spec, () => newMachineUuid(seams)),
    boot: emptyBoot({ ...seams, spec, packages }, { release: spec.kernelRelease, commandLine: "" }),
    bootCount: 0,
    iommuGroups: new Map(),
  };
  writeDistribution(machine);
  installBmc(machine);
  addNics(machine);
  machine.files.write("/etc/hostname", `${name}\n`);
  machine.files.write("/etc/machine-id", `${random.hex(16)}\n`);
  installFirstKernel(startAct(machine));
  writePackageFiles(machine);
  installFirstDriver(machine);
  makeInitramfs(startAct(machine), spec.kernelRelease);
  for (const [path, text] of Object.entries(options.files ?? {})) machine.files.write(path, text);
  machine.boot = emptyBoot(machine, kernelToBoot(machine));
  for (const port of options.cabledPorts ?? defaultCables(spec)) plugCable(machine, port);
  bringUp(machine);
  machine.bmc.readWatts = () => hostWatts(machine);
  return machine;
}
