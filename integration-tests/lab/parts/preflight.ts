import { type CheckResult, CheckStatus } from "@switchyard/proto";
import type { LabContext, LabPart } from "../context.ts";

const WORDS: Readonly<Partial<Record<CheckStatus, string>>> = {
  [CheckStatus.SKIP]: "SKIP",
  [CheckStatus.PASS]: "PASS",
  [CheckStatus.WARN]: "WARN",
  [CheckStatus.FAIL]: "FAIL",
};

/** What must be so here: software emulation, an emulated IOMMU that is on, no systemd, no SELinux, no mokutil. */
const EXPECTED: Readonly<Record<string, CheckStatus>> = {
  A01: CheckStatus.WARN,
  A02: CheckStatus.PASS,
  A03: CheckStatus.PASS,
  "HOST-DISK": CheckStatus.PASS,
  "HOST-HUGEPAGES": CheckStatus.PASS,
  "HOST-NESTED": CheckStatus.WARN,
  "HOST-NIC": CheckStatus.PASS,
  "HOST-REBOOT": CheckStatus.SKIP,
  "HOST-SELINUX": CheckStatus.PASS,
  "HOST-TIME": CheckStatus.SKIP,
};

/** Preflight of a real kernel, held against what the kernel says to a person. */
export const preflightPart: LabPart = {
  name: "preflight",
  run: async (context) => {
    const { report, stack, host } = context;
    report.part("Preflight of the lab host, by its agent");
    const { results } = await stack.client.diagnosis.diagnoseHost({ name: host, preflight: true });
    report.show(results.map(line).join("\n"));
    const statuses = new Map(results.map(({ id, status }) => [id, status]));
    const wrong = Object.entries(EXPECTED).filter(([id, status]) => statuses.get(id) !== status);
    report.verify(
      wrong.length === 0,
      `${Object.keys(EXPECTED).length} verdicts as they must be here${wrong.map(([id]) => `, not ${id}`).join("")}`,
    );
    await verifyAgainstKernel(context, results);
  },
};

const line = ({ id, status, evidence }: CheckResult): string =>
  `${WORDS[status] ?? "?"}  ${id.padEnd(17)} ${evidence.join("; ")}`;

/** The kernel's own words, by other ways than the agent's. */
async function verifyAgainstKernel(
  { labHost, report, stack, host }: LabContext,
  results: readonly CheckResult[],
): Promise<void> {
  const evidence = results.find(({ id }) => id === "A02")?.evidence.join("; ") ?? "";
  const groups = (await labHost.output(["ls", "/sys/kernel/iommu_groups"])).trim().split(/\s+/);
  const types = (await labHost.output(["cat", ...groups.map(typePath)])).trim().split(/\s+/);
  const identities = types.filter((type) => type === "identity").length;
  report.verify(
    evidence.startsWith(`${groups.length} IOMMU groups`) &&
      evidence.includes(`${identities} identity`),
    `${groups.length} IOMMU groups, ${identities} of them identity, as sysfs shows them`,
  );
  const { inventory } = await stack.client.hosts.getHost({ name: host });
  const commandLine = (await labHost.readFile("/proc/cmdline")).trim();
  const known = inventory?.system?.kernelArguments ?? [];
  report.verify(
    known.length > 0 && known.every((each) => commandLine.includes(each)),
    `${known.length} kernel arguments, as /proc/cmdline has them`,
  );
}

const typePath = (group: string): string => `/sys/kernel/iommu_groups/${group}/type`;
