import type { VmSpec } from "@switchyard/proto";
import { NESTED_INITRD, NESTED_KERNEL, NESTED_KERNEL_ARGUMENTS } from "../nested-vm.ts";

const MIB = 1024n * 1024n;

/** All but the NICs of a VM that runs a guest agent and nothing else, on the host of this name. */
export const smallGuest = (host: string) =>
  ({
    vcpuCount: 1,
    memoryBytes: 128n * MIB,
    boot: {
      $case: "kernel",
      value: {
        kernelPath: NESTED_KERNEL,
        initrdPath: NESTED_INITRD,
        commandLine: NESTED_KERNEL_ARGUMENTS,
      },
    },
    hostSelector: { machine: host.replace(/^hosts\//, "") },
    hasGuestAgent: true,
  }) as const satisfies Partial<VmSpec>;
