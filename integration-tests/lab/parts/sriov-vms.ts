import { NicKind, Vm, VmState } from "@switchyard/proto";
import type { LabContext } from "../context.ts";
import type { LabHost, LabProcess } from "../lab-host.ts";
import { addressOf } from "./guest.ts";
import { ensureNetwork, NETWORK } from "./network.ts";
import { smallGuest } from "./small-guest.ts";

/** Stands in for the switch inside a card. */
const CARD_SWITCH = "/usr/lib/switchyard-lab/nic-switch";

const VM_IDS = ["vf-1", "vf-2"] as const;

/** Two VMs, each with a VF of its own by vfio-pci, and the card's own switch between them. The host is in mode sriov. */
export async function verifySriovVms(context: LabContext): Promise<void> {
  const { report, job, labHost } = context;
  report.part("Two VMs get a VF each");
  const cardSwitch = await startCardSwitch(labHost);
  try {
    await verifyVms(context);
    report.part("They are deleted");
    await Promise.all(VM_IDS.map((id) => job.deleteVm(`vms/${id}`)));
  } finally {
    await cardSwitch.stop();
  }
}

/** While it runs it is what the card's switch is in legacy mode. */
export const startCardSwitch = (labHost: LabHost): Promise<LabProcess> =>
  labHost.spawn([CARD_SWITCH], { log: "nic-switch.log" });

async function verifyVms(context: LabContext): Promise<void> {
  const { report, job } = context;
  await ensureNetwork(context);
  const vms = await Promise.all(VM_IDS.map((id) => job.createVm(id, sriovVm(context.host))));
  for (const { name, state, allocation } of vms) {
    const [nic] = allocation?.nics ?? [];
    report.verify(
      state === VmState.RUNNING && nic?.kind === NicKind.SRIOV,
      `${name} runs with VF ${nic?.vfIndex}, ${nic?.mac}, ${nic?.address}`,
    );
  }
  await verifyPings(context, vms);
}

const sriovVm = (host: string): Vm =>
  Vm.fromPartial({
    spec: {
      ...smallGuest(host),
      nics: [{ network: NETWORK, kind: NicKind.SRIOV }],
    },
  });

async function verifyPings(
  { report, job, labHost }: LabContext,
  vms: readonly Vm[],
): Promise<void> {
  const [first, second] = vms as readonly [Vm, Vm];
  report.part("They ping each other through the card's own switch (here tc stands in for it)");
  const { received, transmitted } = await job.ping(first.name, addressOf(second));
  report.verify(
    received > 0 && received === transmitted,
    `${first.name} -> ${second.name}: ${received} of ${transmitted} came back`,
  );
  const argv = await labHost.output(["pgrep", "-fa", "^qemu-system-x86_64 -name "]);
  const devices = labHost.topology.vfs.map(({ pciAddress }) => `vfio-pci,host=${pciAddress}`);
  report.verify(
    devices.every((device) => argv.includes(device)),
    `QEMU was given ${devices.join(" and ")}`,
  );
}
