import type { BootSource, VmSpec } from "@switchyard/model";
import { type VmSpec as ProtoVmSpec, VmRuntime } from "@switchyard/proto";
import { VM_RUNTIME, wordOf } from "../convert/enums.ts";
import { checkInteger, checkLabels } from "./fields.ts";
import { readImageBoot } from "./guest-setup.ts";
import { readNics } from "./nics.ts";
import { readPlacement } from "./placement.ts";
import { readTuning } from "./tuning.ts";
import type { Violations } from "./violations.ts";

const VCPU_COUNT_MAX = 255;
const MIB = 1024n * 1024n;
const MEMORY_MIB_MIN = 16n;
/** 16 TiB, above any host there is. */
const MEMORY_MIB_MAX = 16n * 1024n * 1024n;
const COMMAND_LINE_LENGTH_MAX = 2047;

/**
 * Absolute, and without what QEMU's option parser gives a meaning: a comma ends an option's value.
 *
 * @see qemu-system-x86_64(1)
 */
const HOST_PATH = /^\/[A-Za-z0-9_.+@/-]{1,1023}$/;

function checkPath(path: string, violations: Violations, field: string): void {
  const isClean = HOST_PATH.test(path) && !path.split("/").includes("..");
  violations.check(
    isClean,
    field,
    "must be an absolute path of letters, digits and _ . + @ - without '..'",
  );
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: they are what is refused.
const CONTROL = /[\u0000-\u001f\u007f]/;

function readBoot(boot: ProtoVmSpec["boot"], violations: Violations): BootSource | undefined {
  switch (boot?.$case) {
    case "disk": {
      const { path, format } = boot.value;
      checkPath(path, violations, "disk.path");
      if (format === "qcow2" || format === "raw") return { kind: "disk", path, format };
      violations.add("disk.format", `must be "qcow2" or "raw"`);
      return undefined;
    }
    case "kernel": {
      const { kernelPath, initrdPath, commandLine } = boot.value;
      checkPath(kernelPath, violations, "kernel.kernel_path");
      checkPath(initrdPath, violations, "kernel.initrd_path");
      const isLine = commandLine.length <= COMMAND_LINE_LENGTH_MAX && !CONTROL.test(commandLine);
      violations.check(
        isLine,
        "kernel.command_line",
        `must be one line of at most ${COMMAND_LINE_LENGTH_MAX} characters`,
      );
      return { kind: "kernel", kernelPath, initrdPath, commandLine };
    }
    case "image":
      return readImageBoot(boot.value, violations.at("image"));
    case undefined:
      violations.add("image", "one of image, disk and kernel is required");
      return undefined;
  }
}

function checkMemory(memoryBytes: bigint, violations: Violations): void {
  const isIn = memoryBytes >= MEMORY_MIB_MIN * MIB && memoryBytes <= MEMORY_MIB_MAX * MIB;
  violations.check(isIn, "memory_bytes", `is ${memoryBytes}; must be 16 MiB to 16 TiB`);
  violations.check(memoryBytes % MIB === 0n, "memory_bytes", "must be a multiple of 1 MiB");
}

/** Zero is what a client says that knows of no choice. */
function readRuntime(value: VmRuntime, violations: Violations): Pick<VmSpec, "runtime"> {
  if (value === VmRuntime.UNSPECIFIED) return {};
  const runtime = wordOf(VM_RUNTIME, value);
  if (runtime !== undefined) return { runtime };
  violations.add("runtime", "must be QEMU or LIBVIRT");
  return {};
}

/**
 * The VM's spec as the model has it; undefined when a violation was added.
 */
export function readVmSpec(
  spec: ProtoVmSpec | undefined,
  violations: Violations,
): VmSpec | undefined {
  if (spec === undefined) {
    violations.add("", "is required");
    return undefined;
  }
  const { vcpuCount, hostSelector, hasGuestAgent } = spec;
  checkInteger(violations, "vcpu_count", { value: vcpuCount, min: 1, max: VCPU_COUNT_MAX });
  checkMemory(spec.memoryBytes, violations);
  const boot = readBoot(spec.boot, violations);
  const nics = readNics(spec, violations);
  const tuning = readTuning(spec, violations);
  checkLabels(hostSelector, violations, "host_selector");
  const placement = readPlacement(spec, violations);
  if (boot === undefined || nics === undefined) return undefined;
  const memoryBytes = Number(spec.memoryBytes);
  return {
    ...{ vcpuCount, memoryBytes, boot, nics, hostSelector, hasGuestAgent },
    ...placement,
    ...tuning,
    ...(spec.preventDestroy && { preventDestroy: true }),
    ...readRuntime(spec.runtime, violations),
    ...(spec.autostart && { autostart: true }),
  };
}
