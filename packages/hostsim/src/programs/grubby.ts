import { argumentKey, parseKernelArguments } from "@switchyard/model";
import {
  bootEntries,
  defaultArguments,
  defaultKernel,
  initramfsPathOf,
  kernelPath,
  makeInitramfs,
  runDepmod,
  type SimBootEntry,
  setDefaultArguments,
  setDefaultKernel,
  setEntryArguments,
  updateGrub as updateGrubConfig,
} from "../machine/kernels.ts";
import type { Machine } from "../machine/machine.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/** Replaces the value of a key, or adds the word; grubby does not keep two of one key. */
function withArguments(now: string, set: readonly string[], remove: readonly string[]): string {
  const words = [...parseKernelArguments(now)];
  for (const word of remove) {
    const isMeant = (each: string) =>
      word.includes("=") ? each === word : argumentKey(each) === word;
    words.splice(0, words.length, ...words.filter((each) => !isMeant(each)));
  }
  for (const word of set) {
    const at = words.findIndex((each) => argumentKey(each) === argumentKey(word));
    if (at === -1) words.push(word);
    else words[at] = word;
  }
  return words.join(" ");
}

const optionOf = (args: readonly string[], name: string): string | undefined => {
  const inline = args.find((arg) => arg.startsWith(`--${name}=`));
  if (inline !== undefined) return inline.slice(name.length + 3);
  const at = args.indexOf(`--${name}`);
  return at === -1 ? undefined : args[at + 1];
};

function chosen(machine: Machine, which: string): readonly SimBootEntry[] {
  const entries = bootEntries(machine);
  if (which === "ALL") return entries;
  const release = which === "DEFAULT" ? defaultKernel(machine) : undefined;
  return entries.filter((each) => each.kernelPath === which || each.release === release);
}

const info = (machine: Machine, entry: SimBootEntry): string =>
  `index=${bootEntries(machine).findIndex(({ id }) => id === entry.id)}\nkernel="${entry.kernelPath}"\n` +
  `args="${entry.arguments}"\nroot="${entry.root}"\ninitrd="${initramfsPathOf(machine, entry.release)} $tuned_initrd"\n` +
  `title="${entry.title}"\nid="${entry.id}"\n`;

function update(invoked: Invoked, which: string): Ended {
  const { machine, act, args } = invoked;
  const entries = chosen(machine, which);
  if (entries.length === 0) {
    return failed(`The param ${which} is incorrect`);
  }
  const set = parseKernelArguments(optionOf(args, "args") ?? "");
  const remove = parseKernelArguments(optionOf(args, "remove-args") ?? "");
  for (const entry of entries) {
    setEntryArguments(act, entry.release, withArguments(entry.arguments, set, remove));
  }
  if (which === "ALL") {
    setDefaultArguments(machine, withArguments(defaultArguments(machine), set, remove));
  }
  return printed("");
}

/** grubby(8): `--info`, `--default-kernel`, `--set-default`, `--update-kernel`. */
export function grubby(invoked: Invoked): Ended {
  const { machine, act, args } = invoked;
  const which = optionOf(args, "info");
  if (which !== undefined) {
    const entries = chosen(machine, which);
    if (entries.length === 0) return failed(`The param ${which} is incorrect`);
    return printed(entries.map((entry) => info(machine, entry)).join(""));
  }
  if (args.includes("--default-kernel")) {
    return printed(`${kernelPath(defaultKernel(machine) ?? "")}\n`);
  }
  const wanted = optionOf(args, "set-default");
  if (wanted !== undefined) {
    const [entry] = chosen(machine, wanted);
    if (entry === undefined) return failed(`The param ${wanted} is incorrect`);
    setDefaultKernel(act, entry.release);
    return printed(`The default is ${entry.id}.conf with index 0 and kernel ${entry.kernelPath}\n`);
  }
  const kernel = optionOf(args, "update-kernel");
  return kernel === undefined ? failed("grubby: no action specified") : update(invoked, kernel);
}

/** update-grub(8). */
export function updateGrub({ act }: Invoked): Ended {
  const releases = updateGrubConfig(act);
  const lines = releases.map((release) => `Found linux image: ${kernelPath(release)}\n`).join("");
  return {
    exitCode: 0,
    stdout: "",
    stderr: `Generating grub configuration file ...\n${lines}done\n`,
  };
}

/** dracut(8): `-f [IMAGE [KERNEL]]`; the running kernel when none is named. */
export function dracut({ machine, act, args }: Invoked): Ended {
  const [image, named] = args.filter((arg) => !arg.startsWith("-"));
  const release = named ?? machine.boot.kernel.release;
  const path = image ?? initramfsPathOf(machine, release);
  if (!machine.files.isFolder(`/lib/modules/${release}`)) {
    return failed(`dracut: Cannot find module directory /lib/modules/${release}/`);
  }
  if (machine.files.isFile(path) && !args.includes("-f") && !args.includes("--force")) {
    return failed(`dracut: Will not override existing initramfs (${path}) without --force`);
  }
  makeInitramfs(act, release);
  return printed("");
}

/** update-initramfs(8): `-u -k RELEASE`. */
export function updateInitramfs({ machine, act, args }: Invoked): Ended {
  const named = args[args.indexOf("-k") + 1];
  const release = args.includes("-k") && named !== undefined ? named : machine.boot.kernel.release;
  const path = initramfsPathOf(machine, release);
  if (!machine.files.isFile(path)) return failed(`${path} does not exist. Cannot update.`);
  makeInitramfs(act, release);
  return printed(`update-initramfs: Generating ${path}\n`);
}

/** depmod(8): `-a [RELEASE]`. */
export function depmod({ machine, args }: Invoked): Ended {
  const [release = machine.boot.kernel.release] = args.filter((arg) => !arg.startsWith("-"));
  runDepmod(machine, release);
  return printed("");
}
