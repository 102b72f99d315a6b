import { PACKAGES_INSTALLED } from "@switchyard/model";
import type { Act } from "../machine/act.ts";
import { startAct } from "../machine/act.ts";
import type { Machine } from "../machine/machine.ts";
import { endQemu, type Qemu } from "../machine/qemu.ts";
import { qcow2File, readQcow2, readSeedIso } from "../programs/disk-images.ts";

/** What the repositories of simulated guests have. */
const AVAILABLE: readonly string[] = ["ethtool", "iperf3", "qemu-guest-agent", "tcpdump"];

interface UserData {
  readonly packages?: readonly string[];
  readonly power_state?: { readonly mode?: string };
}

function userDataOf(machine: Machine, { options }: Qemu): UserData | undefined {
  const seed = options.disks.map(({ path }) => readSeedIso(machine.files.read(path))).find(Boolean);
  const text = seed?.["user-data"];
  return text === undefined
    ? undefined
    : (JSON.parse(text.replace(/^#cloud-config\n/, "")) as UserData);
}

function addToDisk({ files }: Machine, path: string, packages: readonly string[]): void {
  const found = readQcow2(files.read(path));
  if ("refusal" in found) return;
  const { image } = found;
  files.write(path, qcow2File({ ...image, packages: [...(image.packages ?? []), ...packages] }));
}

function install(act: Act, qemu: Qemu, packages: readonly string[]): void {
  const { machine } = act;
  const { disks, serialLog, hasNat } = qemu.options;
  const isDone = hasNat && packages.every((name) => AVAILABLE.includes(name));
  const [disk] = disks;
  if (isDone && disk !== undefined) addToDisk(machine, disk.path, packages);
  if (serialLog === undefined) return;
  const said = isDone ? PACKAGES_INSTALLED : "Error: Unable to find a match";
  const before = machine.files.isFile(serialLog) ? machine.files.read(serialLog) : "";
  machine.files.write(serialLog, `${before}${said}\n`);
}

/** What cloud-init does of packages and power while a guest boots, once it has booted. */
export function runCloudInit(machine: Machine, qemu: Qemu, pid: number): void {
  const { packages = [], power_state: power } = userDataOf(machine, qemu) ?? {};
  if (packages.length === 0 && power === undefined) return;
  const { boot } = machine;
  const finish = () => {
    if (machine.boot !== boot || !boot.processes.has(pid)) return;
    const act = startAct(machine);
    install(act, qemu, packages);
    if (power?.mode === "poweroff") endQemu(act, pid, true);
  };
  void machine.clock.sleep(machine.spec.guestBootMs).then(finish);
}
