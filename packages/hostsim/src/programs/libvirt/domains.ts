import type { Act } from "../../machine/act.ts";
import type { Machine, ShutoffReason } from "../../machine/machine.ts";
import type { Process } from "../../machine/process.ts";
import { endQemu, type Qemu, startQemu } from "../../machine/qemu.ts";
import { parseQemuOptions } from "../../machine/qemu-options.ts";
import { strerror } from "../../machine/refusal.ts";
import { domainArgv, hostdevAddress } from "./domain-argv.ts";
import { attributeOf, childrenOf, findNode, parseXml, textOf, type XmlNode } from "./xml.ts";

const FOLDER = "/etc/libvirt/qemu";
const definitionPath = (name: string): string => `${FOLDER}/${name}.xml`;
const pidPath = (name: string): string => `/run/libvirt/qemu/${name}.pid`;

/** What libvirtd says in place of doing it: the text after `error: `. */
export type LibvirtRefusal = { readonly refusal: string };

export type Running = Process & { readonly qemu: Qemu };

export const listDefined = ({ files }: Machine): readonly string[] =>
  files.isFolder(FOLDER)
    ? files.list(FOLDER).flatMap((name) => /^(.+)\.xml$/.exec(name)?.[1] ?? [])
    : [];

export const isDefined = ({ files }: Machine, name: string): boolean =>
  files.isFile(definitionPath(name));

/** The process of a domain that runs. */
export function findRunning(machine: Machine, name: string): Running | undefined {
  for (const process of machine.boot.processes.values()) {
    const { qemu } = process;
    if (qemu?.name === name && qemu.options.isOfLibvirt) return { ...process, qemu };
  }
  return undefined;
}

export const shutoffReason = (machine: Machine, name: string): ShutoffReason =>
  machine.boot.shutoffReasons.get(name) ?? "unknown";

/** What is wrong with a domain, in libvirt's words. @see libvirt src/conf/domain_conf.c */
function findFault(domain: XmlNode | undefined): string | undefined {
  if (domain?.name !== "domain") {
    return "(domain_definition):1: Document is empty\nerror: XML error: unexpected root element";
  }
  if (textOf(findNode(domain, "name")) === undefined) {
    return "missing domain name information";
  }
  if (!/^\d+$/.test(textOf(findNode(domain, "memory")) ?? "")) {
    return "XML error: Missing required attribute 'memory' in element 'domain'";
  }
  const interfaces = childrenOf(findNode(domain, "devices"), "interface");
  const isVdpa = (each: XmlNode) => attributeOf(each, "type") === "vdpa";
  const models = interfaces
    .filter(isVdpa)
    .map((each) => attributeOf(findNode(each, "model"), "type"));
  const model = models.find((each) => each !== undefined && each !== "virtio");
  if (model !== undefined) {
    return `unsupported configuration: invalid model for interface of type 'vdpa': '${model}'`;
  }
  const incomplete = interfaces.find(
    (each) =>
      attributeOf(each, "type") === "vdpa" &&
      attributeOf(findNode(each, "source"), "dev") === undefined,
  );
  return incomplete === undefined
    ? undefined
    : "XML error: Missing required attribute 'dev' in element 'source'";
}

export function defineDomain({ machine }: Act, text: string): { name: string } | LibvirtRefusal {
  const domain = parseXml(text);
  const fault = findFault(domain);
  const name = textOf(findNode(domain, "name")) ?? "";
  if (fault !== undefined) return { refusal: fault };
  machine.files.write(definitionPath(name), text);
  return { name };
}

export function undefineDomain({ machine }: Act, name: string): void {
  machine.files.remove(definitionPath(name));
  machine.boot.shutoffReasons.delete(name);
}

/** libvirtd opens the character device itself, before QEMU is there. @see libvirt src/qemu/qemu_interface.c */
function findVdpaFault(machine: Machine, domain: XmlNode): string | undefined {
  for (const nic of childrenOf(findNode(domain, "devices"), "interface")) {
    const path = attributeOf(findNode(nic, "source"), "dev") ?? "";
    const device = [...machine.boot.vdpaDevices.values()].find(
      ({ minor }) => minor !== undefined && path === `/dev/vhost-vdpa-${minor}`,
    );
    const open = `Unable to open '${path}' for vdpa device`;
    if (device?.minor === undefined) return `${open}: ${strerror("ENOENT")}`;
    const isHeld = [...machine.boot.processes.values()].some(({ qemu }) =>
      qemu?.minors.includes(device.minor as number),
    );
    if (isHeld) return `${open}: ${strerror("EBUSY")}`;
  }
  return undefined;
}

/** @see libvirt src/hypervisor/virhostdev.c, virHostdevPreparePCIDevices */
function findHostdevFault(machine: Machine, domain: XmlNode): string | undefined {
  for (const hostdev of childrenOf(findNode(domain, "devices"), "hostdev")) {
    const address = hostdevAddress(hostdev);
    const holder = [...machine.boot.processes.values()].find(({ qemu }) =>
      qemu?.vfioDevices.some((each) => each === address),
    )?.qemu;
    if (holder?.options.isOfLibvirt) {
      return `Requested operation is not valid: PCI device ${address} is in use by driver QEMU, domain ${holder.name}`;
    }
    const vf = machine.boot.pfs
      .flatMap(({ vfs }) => vfs)
      .find(({ pciAddress }) => pciAddress === address);
    if (vf === undefined) {
      return `Device ${address} not found: could not access /sys/bus/pci/devices/${address}/config: ${strerror("ENOENT")}`;
    }
    const isManaged = attributeOf(hostdev, "managed") === "yes";
    if (!isManaged && !vf.driver?.includes("vfio")) {
      return `Unmanaged PCI device ${address} must be manually detached from the host`;
    }
  }
  return undefined;
}

/** `/dev/fdset/N` is what libvirtd opened for the interface of that number. */
const devicePaths = (domain: XmlNode): readonly string[] =>
  childrenOf(findNode(domain, "devices"), "interface").map(
    (nic) => attributeOf(findNode(nic, "source"), "dev") ?? "",
  );

/** libvirt lets QEMU lock RAM for each device, and a GiB. @see libvirt src/qemu/qemu_domain.c */
function memoryLockBytes(memoryBytes: number, deviceCount: number): number {
  return memoryBytes * deviceCount + 2 ** 30;
}

/** What a domain becomes when its QEMU is gone: a QEMU that ends in order says so first. */
function followEnd(machine: Machine, name: string, { qemu }: Running): void {
  let reason: ShutoffReason = "crashed";
  qemu.listeners.add(({ event, data }) => {
    if (event === "SHUTDOWN") reason = data["guest"] === true ? "shutdown" : "destroyed";
  });
  const { boot } = machine;
  qemu.closers.add(() => {
    machine.files.remove(pidPath(name));
    boot.shutoffReasons.set(name, reason);
  });
}

export function startDomain(act: Act, name: string): Running | LibvirtRefusal {
  const { machine } = act;
  if (findRunning(machine, name) !== undefined) return { refusal: "Domain is already active" };
  const domain = parseXml(machine.files.read(definitionPath(name)));
  if (domain === undefined) return { refusal: "internal error: unreadable definition" };
  const fail = (refusal: string): LibvirtRefusal => {
    machine.boot.shutoffReasons.set(name, "failed");
    return { refusal };
  };
  const fault = findVdpaFault(machine, domain) ?? findHostdevFault(machine, domain);
  if (fault !== undefined) return fail(fault);
  const monitorFolder = `/var/lib/libvirt/qemu/domain-${machine.boot.nextPid}-${name}`;
  machine.files.makeFolder(monitorFolder);
  const argv = domainArgv(domain, `${monitorFolder}/monitor.sock`);
  const options = parseQemuOptions(argv, devicePaths(domain));
  const deviceCount = options.netdevs.length + options.vfioDevices.length;
  const limits = { memoryLockBytes: memoryLockBytes(options.memoryBytes, deviceCount) };
  const started = startQemu(act, options, limits);
  if ("refusal" in started) {
    const text = `qemu-system-x86_64: ${started.refusal}`;
    return fail(`internal error: process exited while connecting to monitor: ${text}`);
  }
  const { qemu } = started;
  if (qemu === undefined) return fail("internal error: no process");
  const running = { ...started, qemu };
  machine.files.write(pidPath(name), String(running.pid));
  followEnd(machine, name, running);
  return running;
}

/** SIGTERM to QEMU, which ends in order. */
export function destroyDomain(act: Act, name: string): boolean {
  const running = findRunning(act.machine, name);
  if (running === undefined) return false;
  endQemu(act, running.pid, true);
  act.machine.boot.shutoffReasons.set(name, "destroyed");
  return true;
}
