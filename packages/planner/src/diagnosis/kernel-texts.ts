import type { HostCheckId } from "@switchyard/model";

interface KernelText {
  readonly pattern: RegExp;
  readonly status: "warn" | "fail";
}

/**
 * Lines of the kernel log that tell what went wrong, by the check they decide.
 *
 * @see torvalds/linux drivers/pci/iov.c, drivers/net/ethernet/mellanox/mlx5/core, drivers/vdpa/mlx5
 */
export const KERNEL_TEXTS = {
  A07: {
    pattern: /not enough MMIO resources for SR-IOV|BAR \d+.*no space for|IOV BARS not allocated/i,
    status: "fail",
  },
  A08: { pattern: /can't enable \d+ VFs \(bus \S+ out of range/i, status: "fail" },
  A11: { pattern: /avc: +denied .*(qemu|svirt|vhost|vfio)/i, status: "warn" },
  B10: { pattern: /Unknown symbol|disagrees about version of symbol/i, status: "fail" },
  B11: {
    // Not "module verification failed: … tainting kernel": such a module was loaded (kernel/module/main.c).
    pattern: /Key was rejected by service|Required key not available/i,
    status: "fail",
  },
  C06: {
    pattern:
      /syndrome \(0x98afbb\)|Failed setting eswitch|failed to enable eswitch SRIOV|FDB is not supported, aborting/i,
    status: "warn",
  },
  D16: {
    pattern:
      /mlx5_vdpa.*(create MR failed|failed to setup driver|setup_virtqueues|create_rqt|create_tir|failed to insert new MAC)/i,
    status: "warn",
  },
} as const satisfies Partial<Record<HostCheckId, KernelText>>;

export type KernelTextCheck = keyof typeof KERNEL_TEXTS;

/** Lines that say that memory ran out or that something hung; they decide no check and help to explain one. */
const OTHER_TEXTS: readonly RegExp[] = [
  /blocked for more than \d+ seconds/,
  /Out of memory: Killed process/,
  /VFs already enabled\. Disable before enabling/,
  /Cannot modify SR-IOV while VFs are assigned/,
  /mlx5_core .*(syndrome|health|timeout)/i,
  /waiting for the device to be released/,
  /can't offload|not on same switch HW/i,
];

/** Whether a line of the kernel log is worth sending to the controller. */
export const isTellingKernelLine = (line: string): boolean =>
  Object.values(KERNEL_TEXTS).some(({ pattern }) => pattern.test(line)) ||
  OTHER_TEXTS.some((pattern) => pattern.test(line));
