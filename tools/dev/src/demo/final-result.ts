import type { Vm } from "@switchyard/proto";
import type { Report } from "../main-job/report.ts";
import type { Stack } from "../stack/stack.ts";

/** The listings with which a person checks the set-up by hand, in that order. */
const LISTINGS = [
  ["lshw", "-businfo", "-c", "network"],
  ["vdpa", "dev", "show"],
  ["ovs-vsctl", "show"],
] as const;

/** What one host looks like now, by its own tools. */
export async function showFinalResult(
  stack: Stack,
  vms: readonly Vm[],
  report: Report,
): Promise<void> {
  const name = vms[0]?.allocation?.host ?? stack.hostNames[0] ?? "";
  const host = stack.simHost(name);
  report.part(`The final result on ${name} (simulated), by its own tools`);
  for (const argv of LISTINGS) {
    const { stdout, exitCode } = await host.run({ argv });
    report.show(`# ${argv.join(" ")}\n${stdout}`);
    report.verify(exitCode === 0 && stdout.trim() !== "", `${argv[0]} answers`);
  }
  const devices = (await host.listFolder("/dev")).filter((entry) => entry.startsWith("vhost-vdpa"));
  report.show(`# ls /dev/vhost-vdpa*\n${devices.map((entry) => `/dev/${entry}`).join(" ")}`);
  report.verify(devices.length === 2, "one /dev/vhost-vdpa-N per VF");
}
