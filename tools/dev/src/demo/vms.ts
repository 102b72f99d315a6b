import { Network, type Vm, VmState } from "@switchyard/proto";
import { kindWord } from "../main-job/main-job.ts";
import type { Stack } from "../stack/stack.ts";
import { type DemoContext, IMAGE, NETWORK } from "./context.ts";

export const addressOf = (vm: Vm | undefined): string =>
  vm?.allocation?.nics[0]?.address.split("/")[0] ?? "";

const readVm = (stack: Stack, name: string): Promise<Vm> =>
  stack.client.vms.getVm({ name: `vms/${name}` });

/** Makes VMs as a person would, and shows what the command prints on the way. */
export async function createVms(
  { stack, report, swy }: DemoContext,
  names: readonly string[],
  flags: readonly string[],
): Promise<readonly Vm[]> {
  const common = ["--image", IMAGE, "--user", "demo", "--guest-agent", "--wait"];
  const vms: Vm[] = [];
  for (const name of names) {
    const code = await swy.run("vm", "create", name, ...flags, ...common);
    report.verify(code === 0, `swy vm create ${name} ended with status 0`);
    vms.push(await readVm(stack, name));
  }
  for (const { name, allocation } of vms) {
    const nic = allocation?.nics[0];
    report.say(
      `${name}  ${allocation?.host} (${kindWord(allocation?.hostKind ?? 0)})  VF ${nic?.vfIndex} of ${nic?.pfPciAddress}  ${nic?.mac}  ${nic?.address}`,
    );
  }
  report.verify(
    vms.every(({ state }) => state === VmState.RUNNING),
    `${names.join(" and ")} run`,
  );
  return vms;
}

export async function createNetwork({ job }: Pick<DemoContext, "job">): Promise<void> {
  await job.createNetwork(
    NETWORK,
    Network.fromPartial({
      spec: {
        bridge: "cxbr0",
        subnet: "192.168.101.0/24",
        ipPool: { first: "192.168.101.20", last: "192.168.101.200" },
        macPool: { first: "52:54:00:cb:45:11", last: "52:54:00:cb:45:ff" },
      },
    }),
  );
}

/** Pings from a VM, and states that all came back. */
export async function verifyPing(
  { job, report }: Pick<DemoContext, "job" | "report">,
  vm: Vm,
  target: string,
): Promise<void> {
  const { received, transmitted } = await job.ping(vm.name, target);
  report.verify(
    received === transmitted && received > 0,
    `${vm.name} -> ${target}: ${received} of ${transmitted} came back (simulated network)`,
  );
}
