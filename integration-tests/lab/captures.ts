import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { LabHost } from "./lab-host.ts";

/** A command whose output is worth keeping as a fixture, and the package whose version names it. */
interface Capture {
  readonly file: string;
  readonly package: string;
  readonly argv: readonly string[];
}

const CAPTURES: readonly Capture[] = [
  { file: "vdpa-mgmtdev-show.json", package: "iproute2", argv: ["vdpa", "-j", "mgmtdev", "show"] },
  { file: "vdpa-mgmtdev-show.txt", package: "iproute2", argv: ["vdpa", "mgmtdev", "show"] },
  { file: "vdpa-dev-show.json", package: "iproute2", argv: ["vdpa", "-j", "dev", "show"] },
  { file: "vdpa-dev-show.txt", package: "iproute2", argv: ["vdpa", "dev", "show"] },
  {
    file: "vdpa-dev-config-show.json",
    package: "iproute2",
    argv: ["vdpa", "-j", "dev", "config", "show"],
  },
  {
    file: "devlink-dev-eswitch-show.json",
    package: "iproute2",
    argv: ["devlink", "-j", "dev", "eswitch", "show", "netdevsim/netdevsim1"],
  },
  { file: "devlink-dev-show.json", package: "iproute2", argv: ["devlink", "-j", "dev", "show"] },
  {
    file: "devlink-dev-info.json",
    package: "iproute2",
    argv: ["devlink", "-j", "dev", "info", "netdevsim/netdevsim1"],
  },
  {
    file: "devlink-dev-param-show.json",
    package: "iproute2",
    argv: ["devlink", "-j", "dev", "param", "show", "netdevsim/netdevsim1"],
  },
  { file: "devlink-port-show.json", package: "iproute2", argv: ["devlink", "-j", "port", "show"] },
  { file: "ip-link.json", package: "iproute2", argv: ["ip", "-j", "-d", "link"] },
  { file: "ip-address.json", package: "iproute2", argv: ["ip", "-j", "-d", "address"] },
  { file: "ip-route.json", package: "iproute2", argv: ["ip", "-j", "route"] },
  {
    file: "tc-qdisc-rep0.json",
    package: "iproute2",
    argv: ["tc", "-j", "qdisc", "show", "dev", "rep0"],
  },
  {
    file: "tc-filter-rep0-ingress.json",
    package: "iproute2",
    argv: ["tc", "-j", "-s", "filter", "show", "dev", "rep0", "ingress"],
  },
  ...["Open_vSwitch", "Bridge", "Port", "Interface"].map((table) => ({
    file: `ovs-vsctl-list-${table.toLowerCase()}.json`,
    package: "openvswitch-switch",
    argv: ["ovs-vsctl", "--format=json", "list", table],
  })),
  { file: "ovs-vsctl-show.txt", package: "openvswitch-switch", argv: ["ovs-vsctl", "show"] },
  {
    file: "ovs-appctl-dpctl-show.txt",
    package: "openvswitch-switch",
    argv: ["ovs-appctl", "dpctl/show", "-s"],
  },
  {
    file: "ovs-appctl-dpctl-dump-flows.txt",
    package: "openvswitch-switch",
    argv: ["ovs-appctl", "dpctl/dump-flows", "-m"],
  },
  {
    file: "ovs-appctl-fdb-show.txt",
    package: "openvswitch-switch",
    argv: ["ovs-appctl", "fdb/show", "cxbr0"],
  },
  { file: "lspci.txt", package: "pciutils", argv: ["lspci", "-Dnn"] },
  { file: "lsmod.txt", package: "kmod", argv: ["lsmod"] },
  { file: "ethtool-driver-rep0.txt", package: "ethtool", argv: ["ethtool", "-i", "rep0"] },
];

/** Refusals whose texts a parser must know. Each of these commands changes nothing. */
function refusals({ topology }: LabHost): readonly Capture[] {
  const [vf] = topology.vfs;
  if (vf === undefined) return [];
  const add = ["vdpa", "dev", "add", "name", "extra0", "mgmtdev"];
  const taken = `pci/${vf.pciAddress}`;
  return [
    { file: "vdpa-dev-add-taken", package: "iproute2", argv: [...add, taken] },
    { file: "vdpa-dev-add-mac", package: "iproute2", argv: [...add, taken, "mac", vf.mac] },
    { file: "vdpa-dev-add-max-vqp", package: "iproute2", argv: [...add, taken, "max_vqp", "1"] },
    {
      file: "vdpa-dev-add-simulator-max-vqp",
      package: "iproute2",
      argv: [...add, "vdpasim_net", "max_vqp", "1"],
    },
    { file: "vdpa-dev-add-absent", package: "iproute2", argv: [...add, "pci/0000:7f:00.0"] },
    { file: "vdpa-dev-del-absent", package: "iproute2", argv: ["vdpa", "dev", "del", "nope"] },
    {
      file: "devlink-eswitch-absent",
      package: "iproute2",
      argv: ["devlink", "dev", "eswitch", "show", "pci/0000:7f:00.0"],
    },
    {
      file: "ovs-vsctl-add-br-twice",
      package: "openvswitch-switch",
      argv: ["ovs-vsctl", "add-br", "cxbr0"],
    },
  ];
}

/** Saves what the lab host's tools print, as `captures/<what>-<package>-<version>`. */
export async function saveCaptures(lab: LabHost): Promise<void> {
  const folder = join(import.meta.dirname, "captures");
  await mkdir(folder, { recursive: true });
  const versions = new Map<string, string>();
  const versionOf = async (name: string) => {
    const known = versions.get(name) ?? (await readVersion(lab, name));
    versions.set(name, known);
    return known;
  };
  for (const capture of CAPTURES) {
    const { exitCode, stdout, stderr } = await lab.run(capture.argv);
    const text = exitCode === 0 ? stdout : `exit ${exitCode}\n${stdout}${stderr}`;
    const [name, extension] = capture.file.split(".");
    const version = await versionOf(capture.package);
    await writeFile(join(folder, `${name}.${capture.package}-${version}.${extension}`), text);
  }
  for (const { file, package: from, argv } of refusals(lab)) {
    const { exitCode, stdout, stderr } = await lab.run(argv);
    const record = { argv, exitCode, stdout, stderr };
    const name = `${file}.${from}-${await versionOf(from)}.refused.json`;
    await writeFile(join(folder, name), `${JSON.stringify(record, undefined, 2)}\n`);
  }
}

/** The upstream part of a Debian version: `6.1.0` of `6.1.0-3`. */
async function readVersion(lab: LabHost, name: string): Promise<string> {
  const argv = ["dpkg-query", "--show", "--showformat=$" + "{Version}", name];
  const version = await lab.output(argv);
  return version
    .replace(/^\d+:/, "")
    .replace(/-[^-]*$/, "")
    .replaceAll(/[^\w.]/g, "_");
}
