import { HUGEPAGE_SIZES, type VmSpec } from "@switchyard/model";
import { NumaPolicy, type VmSpec as ProtoVmSpec } from "@switchyard/proto";
import { NUMA_POLICY, wordOf } from "../convert/enums.ts";
import type { Violations } from "./violations.ts";

function readHugepages(
  { hugepageBytes, memoryBytes }: ProtoVmSpec,
  violations: Violations,
): Pick<VmSpec, "hugepageBytes"> {
  if (hugepageBytes === 0n) return {};
  const size = Number(hugepageBytes);
  const isSize = violations.check(
    HUGEPAGE_SIZES.includes(size),
    "hugepage_bytes",
    `is ${hugepageBytes}; must be ${HUGEPAGE_SIZES.join(" or ")}`,
  );
  if (!isSize) return {};
  violations.check(
    memoryBytes % hugepageBytes === 0n,
    "memory_bytes",
    `must be a multiple of hugepage_bytes ${hugepageBytes}`,
  );
  return { hugepageBytes: size };
}

/** How the VM is tied to parts of its host. */
export function readTuning(
  spec: ProtoVmSpec,
  violations: Violations,
): Pick<VmSpec, "numa" | "hugepageBytes" | "cpuPinning"> {
  const numa = wordOf(NUMA_POLICY, spec.numaPolicy);
  const isKnown = numa !== undefined || spec.numaPolicy === NumaPolicy.UNSPECIFIED;
  violations.check(isKnown, "numa_policy", "must be ANY, PREFERRED or REQUIRED");
  return {
    ...(numa !== undefined && { numa }),
    ...readHugepages(spec, violations),
    ...(spec.cpuPinning && { cpuPinning: true }),
  };
}
