import { mkdir, writeFile } from "node:fs/promises";
import { join, parse } from "node:path";
import type { LabHost } from "./lab-host.ts";

/** A command whose output is worth keeping as a fixture, and the package whose version names it. */
interface Capture {
  readonly file: string;
  readonly package: string;
  readonly argv: readonly string[];
}

const CAPTURES: readonly Capture[] = [
  // These two first: a flow without packets is gone after ten seconds.
  {
    file: "ovs-appctl-dpctl-dump-flows.txt",
    package: "openvswitch-switch",
    argv: ["ovs-appctl", "dpctl/dump-flows", "-m"],
  },
  {
    file: "tc-filter-rep0-ingress.json",
    package: "iproute2",
    argv: ["tc", "-j", "-s", "filter", "show", "dev", "rep0", "ingress"],
  },
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
    argv: ["devlink", "-j", "dev", "param", "show"],
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
    file: "ovs-appctl-fdb-show.txt",
    package: "openvswitch-switch",
    argv: ["ovs-appctl", "fdb/show", "cxbr0"],
  },
  { file: "lspci.txt", package: "pciutils", argv: ["lspci", "-Dnn"] },
  { file: "lsmod.txt", package: "kmod", argv: ["lsmod"] },
  { file: "ethtool-driver-rep0.txt", package: "ethtool", argv: ["ethtool", "-i", "rep0"] },
];

/** What of the above says something about a NIC that nobody has configured yet. */
const FACTORY_CAPTURES: readonly string[] = [
  ...["vdpa-mgmtdev-show", "devlink-dev-eswitch-show", "devlink-dev-show", "devlink-port-show"],
  ...["ip-link"],
].map((name) => `${name}.json`);

/** Ways to make a vDPA device on a mgmtdev that has none. Those that succeed are undone. */
function vdpaAdditions({ topology }: LabHost): readonly Capture[] {
  const [vf] = topology.vfs;
  if (vf === undefined) return [];
  const add = ["vdpa", "dev", "add", "name", TRIAL_DEVICE, "mgmtdev"];
  const mgmtdev = `pci/${vf.pciAddress}`;
  const trials: Readonly<Record<string, readonly string[]>> = {
    "vdpa-dev-add-mac": [mgmtdev, "mac", vf.mac],
    "vdpa-dev-add-other-mac": [mgmtdev, "mac", "52:54:00:12:34:56"],
    "vdpa-dev-add-max-vqp": [mgmtdev, "max_vqp", "1"],
    "vdpa-dev-add-mac-max-vqp": [mgmtdev, "mac", vf.mac, "max_vqp", "1"],
    "vdpa-dev-add-mtu": [mgmtdev, "mtu", "1500"],
    "vdpa-dev-add-simulator-max-vqp": ["vdpasim_net", "max_vqp", "1"],
    "vdpa-dev-add-simulator-mac": ["vdpasim_net", "mac", "52:54:00:12:34:56"],
  };
  return Object.entries(trials).map(([file, settings]) => ({
    file,
    package: "iproute2",
    argv: [...add, ...settings],
  }));
}

const TRIAL_DEVICE = "trial0";

/** Refusals whose texts a parser must know. Each of these commands changes nothing. */
function refusals(): readonly Capture[] {
  const add = ["vdpa", "dev", "add", "name", TRIAL_DEVICE, "mgmtdev"];
  return [
    {
      file: "vdpa-dev-add-name-taken",
      package: "iproute2",
      argv: ["vdpa", "dev", "add", "name", "vdpa0", "mgmtdev", "vdpasim_net"],
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

/** Keeps what a lab host's tools print, as `captures/<what>.<package>-<version>…`. */
export interface CaptureBook {
  /** The NIC as it comes: nothing bound, no VFs, eswitch mode legacy. */
  readonly saveFactory: () => Promise<void>;
  /** VFs bound to vp-vdpa, no vDPA device yet: what `vdpa dev add` accepts. */
  readonly saveVdpaAdditions: () => Promise<void>;
  /** Two VMs with traffic through the bridge, which must be running while this does. */
  readonly saveWired: () => Promise<void>;
}

/** A book of captures of this lab host; saving again replaces what it said before. */
export async function openCaptureBook(lab: LabHost): Promise<CaptureBook> {
  const folder = join(import.meta.dirname, "captures");
  await mkdir(folder, { recursive: true });
  const save = async ({ file, package: from, argv }: Capture, situation = "") => {
    const { exitCode, stdout, stderr } = await lab.run(argv);
    const text = exitCode === 0 ? stdout : `exit ${exitCode}\n${stdout}${stderr}`;
    const { name, ext } = parse(file);
    const version = await readVersion(lab, from);
    await writeFile(join(folder, `${name}${situation}.${from}-${version}${ext}`), text);
  };
  const saveResult = async ({ file, package: from, argv }: Capture) => {
    const { exitCode, stdout, stderr } = await lab.run(argv);
    const name = `${file}.${from}-${await readVersion(lab, from)}.result.json`;
    const record = { argv, exitCode, stdout, stderr };
    await writeFile(join(folder, name), `${JSON.stringify(record, undefined, 2)}\n`);
    return exitCode === 0;
  };
  return {
    saveFactory: async () => {
      const wanted = CAPTURES.filter(({ file }) => FACTORY_CAPTURES.includes(file));
      for (const capture of wanted) await save(capture, "-factory");
    },
    saveVdpaAdditions: async () => {
      for (const capture of vdpaAdditions(lab)) {
        if (!(await saveResult(capture))) continue;
        const { name } = parse(capture.file);
        const show = ["vdpa", "-j", "dev", "config", "show", TRIAL_DEVICE];
        await save({ file: `${name}-config.json`, package: "iproute2", argv: show });
        await lab.output(["vdpa", "dev", "del", TRIAL_DEVICE]);
      }
    },
    saveWired: async () => {
      for (const capture of CAPTURES) await save(capture);
      for (const capture of refusals()) await saveResult(capture);
    },
  };
}

/** The upstream part of a Debian version: `6.1.0` of `6.1.0-3`. */
async function readVersion(lab: LabHost, name: string): Promise<string> {
  // biome-ignore lint/suspicious/noTemplateCurlyInString: dpkg-query's own placeholder.
  const version = await lab.output(["dpkg-query", "--show", "--showformat=${Version}", name]);
  return version
    .replace(/^\d+:/, "")
    .replace(/-[^-]*$/, "")
    .replaceAll(/[^\w.]/g, "_");
}
