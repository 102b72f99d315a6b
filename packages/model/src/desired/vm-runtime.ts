/** What runs a VM's QEMU: the agent itself, or libvirt. The guest is the same on both. */
export const VM_RUNTIMES = ["qemu", "libvirt"] as const;
export type VmRuntimeKind = (typeof VM_RUNTIMES)[number];

/** Undefined in specs from before there was a choice. */
export const runtimeOf = ({ runtime }: { readonly runtime?: VmRuntimeKind }): VmRuntimeKind =>
  runtime ?? "qemu";
