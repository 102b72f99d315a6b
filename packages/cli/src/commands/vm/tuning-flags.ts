import type { Command } from "commander";
import { parseBytes } from "../../input/bytes.ts";
import { UsageError } from "../../usage-error.ts";

/** What ties a VM to parts of its host. */
export interface TuningOptions {
  readonly numa?: string;
  readonly hugepages?: string;
  readonly pinCpus?: boolean;
}

export function addTuningOptions(command: Command): void {
  command
    .option("--numa <policy>", "any, preferred or required: the NUMA node of its first NIC")
    .option("--hugepages <size>", "guest memory in huge pages of 2MiB or 1GiB")
    .option("--pin-cpus", "each vCPU on a CPU of the host that no other pinned vCPU has");
}

const POLICIES: Readonly<Record<string, string>> = {
  any: "NUMA_POLICY_ANY",
  preferred: "NUMA_POLICY_PREFERRED",
  required: "NUMA_POLICY_REQUIRED",
};

function policyOf(word: string): string {
  const policy = POLICIES[word];
  if (policy !== undefined) return policy;
  throw new UsageError(`"${word}" is no NUMA policy: any, preferred or required`);
}

/** The part of a VM's spec that the flags make. @throws UsageError */
export const tuningOfFlags = (options: TuningOptions): Record<string, unknown> => ({
  ...(options.numa !== undefined && { numaPolicy: policyOf(options.numa) }),
  ...(options.hugepages !== undefined && {
    hugepageBytes: parseBytes(options.hugepages).toString(),
  }),
  ...(options.pinCpus === true && { cpuPinning: true }),
});
