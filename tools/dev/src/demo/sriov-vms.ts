import { DatapathMode, JobState, NicKind, Vm, VmState } from "@switchyard/proto";
import type { MainJob } from "../main-job/main-job.ts";
import type { Report } from "../main-job/report.ts";
import type { Stack } from "../stack/stack.ts";

const GIB = 1024n ** 3n;

const vmOnVf = (network: string): Vm =>
  Vm.fromPartial({
    spec: {
      vcpuCount: 4,
      memoryBytes: 4n * GIB,
      boot: {
        $case: "image",
        value: { image: "images/rocky9", guestSetup: { user: "demo" } },
      },
      nics: [{ network, kind: NicKind.SRIOV }],
      hasGuestAgent: true,
    },
  });

/** Switches a host without VMs to mode sriov and lets two VMs on its VFs ping each other. */
export async function startVmsOnVfs(
  stack: Stack,
  place: { readonly host: string; readonly network: string },
  { job, report }: { readonly job: MainJob; readonly report: Report },
): Promise<readonly Vm[]> {
  const { host: name, network } = place;
  report.part(`Switch ${name} to SR-IOV; place and start two VMs on its VFs`);
  const plan = await stack.client.hosts.setDatapathMode({ name, mode: DatapathMode.SRIOV });
  const { state } = await job.apply(plan);
  report.verify(state === JobState.SUCCEEDED, `${name} is in mode sriov`);
  const vms: Vm[] = [];
  for (const id of ["fast-1", "fast-2"]) vms.push(await job.createVm(id, vmOnVf(network)));
  report.verify(
    vms.every((vm) => vm.state === VmState.RUNNING && vm.allocation?.host === name),
    `both run there, by vfio: ${vms.map((vm) => vm.allocation?.mac).join(", ")}`,
  );
  const [first, second] = vms;
  const target = second?.allocation?.address.split("/")[0] ?? "";
  const { received, transmitted } = await job.ping(first?.name ?? "", target);
  report.verify(
    received === transmitted && received > 0,
    `${first?.name} -> ${target}: ${received} of ${transmitted} came back through the card's own switch (simulated)`,
  );
  return vms;
}
