import {
  driverOnDisk,
  driverUsers,
  ofedRelease,
  reloadDriver,
  runningKernel,
  uninstallOfed,
  VENDOR_PROGRAMS,
} from "../machine/driver.ts";
import type { Machine } from "../machine/machine.ts";
import { isKnownModule, moduleName } from "../machine/modules.ts";
import { type Ended, failed, type Invoked, type Program, printed } from "./program.ts";

/** ofed_info: `-s`. */
const ofedInfo = ({ machine }: Invoked): Ended => printed(`${ofedRelease(machine) ?? ""}:\n`);

const ok = (what: string): string => `${`${what}:`.padEnd(59)}[  OK  ]\n`;

/** openibd: `restart` and `status`. @see MLNX_OFED 24.04, /etc/init.d/openibd */
async function openibd({ machine, act, args }: Invoked): Promise<Ended> {
  if (args[0] === "status") return printed("\n  HCA driver loaded\n\n");
  const users = driverUsers(machine);
  if (users !== undefined) return { exitCode: 1, stdout: users, stderr: "" };
  const isRefused =
    machine.spec.hasSecureBoot && driverOnDisk(machine, runningKernel(machine))?.version;
  if (isRefused) {
    const why = "could not insert 'mlx5_core': Key was rejected by service";
    return {
      exitCode: 1,
      stdout: `${ok("Unloading HCA driver")}Loading Mellanox MLX5_IB HCA driver:            [FAILED]\n`,
      stderr: `modprobe: ERROR: ${why}\n`,
    };
  }
  await reloadDriver(act);
  return printed(ok("Unloading HCA driver") + ok("Loading HCA driver and Access Layer"));
}

/** ofed_uninstall.sh: `--force`. */
function ofedUninstall({ act, args }: Invoked): Ended {
  if (!args.includes("--force")) {
    return { exitCode: 1, stdout: "Do you want to continue?[y/N]:\n", stderr: "" };
  }
  uninstallOfed(act);
  return printed("Uninstall finished successfully\n");
}

const PROGRAMS: Readonly<Record<string, Program>> = {
  ofed_info: ofedInfo,
  openibd,
  "ofed_uninstall.sh": ofedUninstall,
};

/** A program of the vendor's packages, by its name or path; undefined while they are not installed. */
export function vendorProgram({ files }: Machine, path: string): Program | undefined {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const installed = VENDOR_PROGRAMS.find((each) => each.endsWith(`/${name}`));
  if (installed === undefined || !files.isFile(installed)) return undefined;
  return PROGRAMS[name];
}

/** modinfo(8): `-k KERNEL -F filename|version MODULE`. */
export function modinfo({ machine, args }: Invoked): Ended {
  const optionValue = (name: string) =>
    args.includes(name) ? args[args.indexOf(name) + 1] : undefined;
  const kernel = optionValue("-k") ?? runningKernel(machine);
  const module = moduleName(args.at(-1) ?? "");
  const onDisk = driverOnDisk(machine, kernel);
  if (!isKnownModule(machine, module) || onDisk === undefined) {
    return failed(`modinfo: ERROR: Module ${module} not found.`);
  }
  const isVendor = onDisk.version !== undefined && module.startsWith("mlx5");
  if (optionValue("-F") === "version") return printed(isVendor ? `${onDisk.version}\n` : "");
  const path = onDisk.path.replace("/mlx5_core.ko", `/${module}.ko`);
  return printed(
    `${module === "mlx5_core" || isVendor ? path : `/lib/modules/${kernel}/kernel/${module}.ko.xz`}\n`,
  );
}

/** mokutil(1): `--sb-state`. */
export const mokutil = ({ machine }: Invoked): Ended =>
  printed(`SecureBoot ${machine.spec.hasSecureBoot ? "enabled" : "disabled"}\n`);
