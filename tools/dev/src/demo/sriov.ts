import type { Vm } from "@switchyard/proto";
import { type DemoContext, NETWORK, shortName } from "./context.ts";
import { addressOf, createVms, verifyPing } from "./vms.ts";

/** The other way to plug a VM in: one host gives its VFs to VMs, and its card switches. */
export async function showSriov(
  context: DemoContext,
  { host, other }: { readonly host: string; readonly other: Vm | undefined },
): Promise<readonly Vm[]> {
  const { report, swy } = context;
  report.part(`${host} is switched to mode sriov; two VMs are given a VF each`);
  const code = await swy.run("host", "set-mode", shortName(host), "--mode", "sriov", "--yes");
  report.verify(code === 0, `${host} is in mode sriov`);
  const nic = ["--nic", `network=${NETWORK},kind=sriov`];
  const size = ["--vcpus", "4", "--memory", "8GiB"];
  const vms = await createVms(context, ["fast-1", "fast-2"], [...nic, ...size]);
  const [first, second] = vms;
  if (first === undefined) return vms;
  await verifyPing(context, first, addressOf(second));
  await verifyPing(context, first, addressOf(other));
  return vms;
}
