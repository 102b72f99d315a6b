import { UsageError } from "../../usage-error.ts";

const RUNTIMES: Readonly<Record<string, string>> = {
  qemu: "VM_RUNTIME_QEMU",
  libvirt: "VM_RUNTIME_LIBVIRT",
};

/** `--runtime` as JSON has it. @throws UsageError */
export function runtimeWord(text: string): string {
  const runtime = RUNTIMES[text];
  if (runtime === undefined) throw new UsageError(`"${text}" is no runtime: qemu or libvirt`);
  return runtime;
}
