import type { Machine } from "../machine/machine.ts";
import { virtualMachines } from "../machine/process.ts";
import { strerror } from "../machine/refusal.ts";
import { qcow2File, readQcow2, type SimQcow2 } from "./disk-images.ts";
import { type Ended, failed, type Invoked, printed } from "./program.ts";

/*
 * qemu-img(1) with info, check, convert, create and resize. Texts and statuses: QEMU 7.2, where a qcow2 that was cut
 * off converts without an error, and check ends with status 2.
 */

const SECTOR_BYTES = 512;

interface Parsed {
  readonly options: ReadonlyMap<string, string>;
  readonly operands: readonly string[];
}

const WITH_VALUE = new Set(["-f", "-F", "-O", "-b", "-o"]);

function parse(args: readonly string[]): Parsed {
  const options = new Map<string, string>();
  const operands: string[] = [];
  let isRest = false;
  for (let at = 0; at < args.length; at += 1) {
    const arg = args[at] as string; // at < args.length
    if (arg === "--" && !isRest) isRest = true;
    else if (isRest || !arg.startsWith("-")) operands.push(arg);
    else if (WITH_VALUE.has(arg)) options.set(arg, args[++at] ?? "");
    else options.set(arg, "");
  }
  return { options, operands };
}

const openFailed = (path: string, why: string): Ended =>
  failed(`qemu-img: Could not open '${path}': ${why}`);

const absent = (path: string): Ended =>
  openFailed(path, `Could not open '${path}': ${strerror("ENOENT")}`);

interface Opened {
  readonly image: SimQcow2;
  readonly isWhole: boolean;
}

function open({ files }: Machine, path: string, format: string): Opened | Ended {
  if (!files.isFile(path)) return absent(path);
  const text = files.read(path);
  if (format !== "qcow2") {
    const sectors = Math.ceil(Buffer.byteLength(text) / SECTOR_BYTES);
    return {
      image: { virtualSizeBytes: sectors * SECTOR_BYTES, content: text },
      isWhole: true,
    };
  }
  const found = readQcow2(text);
  return "refusal" in found ? openFailed(path, found.refusal) : found;
}

function info({ machine }: Invoked, { options, operands: [path = ""] }: Parsed): Ended {
  const format = options.get("-f") ?? "qcow2";
  const opened = open(machine, path, format);
  if ("exitCode" in opened) return opened;
  const { virtualSizeBytes, backingFile, dataFile } = opened.image;
  const qcow2 = {
    type: "qcow2",
    data: {
      compat: "1.1",
      corrupt: false,
      ...(dataFile !== undefined && { "data-file": dataFile, "data-file-raw": false }),
    },
  };
  const answer = {
    "virtual-size": virtualSizeBytes,
    filename: path,
    format,
    "actual-size": Buffer.byteLength(machine.files.read(path)),
    ...(format === "qcow2" && { "format-specific": qcow2 }),
    ...(backingFile !== undefined && {
      "full-backing-filename": backingFile,
      "backing-filename": backingFile,
    }),
    "dirty-flag": false,
  };
  return printed(`${JSON.stringify(answer, undefined, 4)}\n`);
}

function check({ machine }: Invoked, { operands: [path = ""] }: Parsed): Ended {
  const opened = open(machine, path, "qcow2");
  if ("exitCode" in opened) return opened;
  const { isWhole } = opened;
  const answer = {
    "image-end-offset": Buffer.byteLength(machine.files.read(path)),
    "check-errors": 0,
    ...(!isWhole && { corruptions: 1 }),
    filename: path,
    format: "qcow2",
  };
  const stdout = `${JSON.stringify(answer, undefined, 4)}\n`;
  const stderr = isWhole ? "" : "ERROR cluster 0 refcount=0 reference=1\n";
  return { exitCode: isWhole ? 0 : 2, stdout, stderr };
}

function convert({ machine }: Invoked, { options, operands }: Parsed): Ended {
  const [source = "", target = ""] = operands;
  const opened = open(machine, source, options.get("-f") ?? "qcow2");
  if ("exitCode" in opened) return opened;
  const { backingFile: _, dataFile: __, ...whole } = opened.image;
  machine.files.write(target, qcow2File(whole));
  return printed("");
}

function create({ machine }: Invoked, { options, operands }: Parsed): Ended {
  const [target = "", size] = operands;
  const backingFile = options.get("-b");
  let virtualSizeBytes = Number(size ?? 0);
  if (backingFile !== undefined) {
    const opened = open(machine, backingFile, options.get("-F") ?? "qcow2");
    if ("exitCode" in opened) {
      return failed(
        `${opened.stderr.trimEnd().replace("qemu-img: ", `qemu-img: ${target}: `)}\nCould not open backing image.\n`,
      );
    }
    if (size === undefined) ({ virtualSizeBytes } = opened.image);
  } else if (size === undefined) return failed("qemu-img: Image creation needs a size parameter");
  const folder = target.slice(0, target.lastIndexOf("/"));
  if (!machine.files.isFolder(folder)) {
    return failed(`qemu-img: ${target}: Could not create '${target}': ${strerror("ENOENT")}`);
  }
  machine.files.write(
    target,
    qcow2File({ virtualSizeBytes, ...(backingFile !== undefined && { backingFile }) }),
  );
  return printed("");
}

function resize({ machine }: Invoked, { options, operands }: Parsed): Ended {
  const [path = "", size = ""] = operands;
  const opened = open(machine, path, options.get("-f") ?? "qcow2");
  if ("exitCode" in opened) return opened;
  const { image } = opened;
  const isOpen = virtualMachines(machine).some((qemu) =>
    qemu.options.disks.some((disk) => disk.isLocked && disk.path === path),
  );
  if (isOpen) {
    const question = `Is another process using the image [${path}]?`;
    return openFailed(path, `Failed to get "write" lock\n${question}`);
  }
  if (Number(size) < image.virtualSizeBytes) {
    return failed("qemu-img: Use the --shrink option to perform a shrink operation.");
  }
  machine.files.write(path, qcow2File({ ...image, virtualSizeBytes: Number(size) }));
  return printed("");
}

const COMMANDS: Readonly<Record<string, (invoked: Invoked, parsed: Parsed) => Ended>> = {
  info,
  check,
  convert,
  create,
  resize,
};

export function qemuImg(invoked: Invoked): Ended {
  const [name = "", ...rest] = invoked.args;
  const command = COMMANDS[name];
  return command === undefined
    ? failed(`qemu-img: Command not found: ${name}`)
    : command(invoked, parse(rest));
}
