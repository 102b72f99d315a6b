/**
 * How a VM's memory and pinned vCPUs are tied to the NUMA node of its first NIC: `required` refuses a host
 * where they don't fit there, `preferred` takes others too, `any` leaves it to the kernel.
 */
export const NUMA_POLICIES = ["any", "preferred", "required"] as const;
export type NumaPolicy = (typeof NUMA_POLICIES)[number];

/** Sizes of huge pages on x86_64, in bytes. @see torvalds/linux Documentation/arch/x86/x86_64/mm.rst */
export const HUGEPAGE_SIZES: readonly number[] = [2 * 1024 ** 2, 1024 ** 3];

/** Where QEMU takes guest memory from. */
export interface GuestMemory {
  /** One of {@link HUGEPAGE_SIZES}; undefined: ordinary pages. */
  readonly hugepageBytes?: number;
  /** Undefined: wherever the kernel chooses. */
  readonly node?: { readonly number: number; readonly policy: "bind" | "preferred" };
}
