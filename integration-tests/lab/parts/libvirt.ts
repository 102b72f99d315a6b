import { NicKind, Vm, VmRuntime, VmState } from "@switchyard/proto";
import { waitFor } from "@switchyard/testkit";
import type { LabContext, LabPart } from "../context.ts";
import type { LabHost, LabProcess } from "../lab-host.ts";
import { ensureNetwork, NETWORK } from "./network.ts";
import { BRIDGE_ADDRESS, ensureProfileApplied } from "./profile.ts";
import { smallGuest } from "./small-guest.ts";

const VM_ID = "domain-1";

/** libvirt asks QEMU for all it can before it answers. */
const READY_MS = 600_000;
const LOOK_AGAIN_MS = 2_000;

/** The VM of the seed's domain XML, run by libvirt instead of the agent. */
export const libvirtPart: LabPart = {
  name: "libvirt",
  run: async (context) => {
    const { report, labHost, job } = context;
    await ensureProfileApplied(context);
    report.part("libvirt is started, as systemd does on a server");
    const daemons = await startDaemons(labHost);
    try {
      await verifyVm(context);
      report.part("The VM is deleted, and its definition with it");
      await job.deleteVm(`vms/${VM_ID}`);
      const left = await labHost.output(["virsh", "list", "--all", "--name"]);
      report.verify(left.trim() === "", `virsh list: ${left.trim() || "no domain"}`);
    } finally {
      for (const daemon of daemons) await daemon.stop();
    }
  },
};

/** What Debian's libvirt-daemon-system makes; libvirtd does not start without, whatever its settings say. */
const ACCOUNT = "libvirt-qemu";

async function startDaemons(labHost: LabHost): Promise<readonly LabProcess[]> {
  if ((await labHost.run(["id", ACCOUNT])).exitCode !== 0) {
    await labHost.output(["useradd", "--system", "--user-group", ACCOUNT]);
  }
  const daemons = [
    await labHost.spawn(["virtlogd"], { log: "virtlogd.log" }),
    await labHost.spawn(["libvirtd"], { log: "libvirtd.log" }),
  ];
  await waitFor(
    async () =>
      (await labHost.run(["virsh", "--connect", "qemu:///system", "list"])).exitCode === 0,
    {
      deadlineMs: READY_MS,
      pollMs: LOOK_AGAIN_MS,
      describe: () => `libvirtd does not answer; see ${daemons.at(-1)?.logFile}`,
    },
  );
  return daemons;
}

async function verifyVm(context: LabContext): Promise<void> {
  const { report, labHost, job } = context;
  report.part("A VM is created with runtime libvirt, and pings the bridge");
  await ensureNetwork(context);
  const { name, state, allocation } = await job.createVm(VM_ID, libvirtVm(context.host));
  report.verify(
    state === VmState.RUNNING,
    `${name} runs with VF ${allocation?.vfIndex}, ${allocation?.mac}, ${allocation?.address}`,
  );
  const [domain = ""] = (await labHost.output(["virsh", "list", "--name"])).trim().split("\n");
  report.verify(domain.endsWith(VM_ID), `virsh list: ${domain || "no domain"}`);
  const xml = await labHost.output(["virsh", "dumpxml", domain]);
  const nic = /<interface type='vdpa'>.*?<\/interface>/s.exec(xml)?.[0] ?? "";
  report.show(nic);
  report.verify(nic.includes("/dev/vhost-vdpa-"), "its NIC is an interface of type vdpa");
  const { received, transmitted } = await job.ping(name, BRIDGE_ADDRESS);
  report.verify(
    received > 0 && received === transmitted,
    `${name} -> ${BRIDGE_ADDRESS}: ${received} of ${transmitted} came back`,
  );
}

const libvirtVm = (host: string): Vm =>
  Vm.fromPartial({
    spec: {
      ...smallGuest(host),
      nics: [{ network: NETWORK, kind: NicKind.VDPA, queuePairs: 1 }],
      runtime: VmRuntime.LIBVIRT,
    },
  });
