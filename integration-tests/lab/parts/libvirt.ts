import { waitFor } from "@switchyard/testkit";
import type { LabContext } from "../context.ts";
import type { LabHost, LabProcess } from "../lab-host.ts";

/** libvirt asks QEMU for all it can before it answers. */
const READY_MS = 600_000;
const LOOK_AGAIN_MS = 2_000;

/** What Debian's libvirt-daemon-system makes; libvirtd does not start without, whatever its settings say. */
const ACCOUNT = "libvirt-qemu";

/** Starts libvirt's daemons, as systemd does on a server; they end with the scope. */
export async function startLibvirt(labHost: LabHost): Promise<AsyncDisposable> {
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
  return { [Symbol.asyncDispose]: () => stopAll(daemons) };
}

async function stopAll(daemons: readonly LabProcess[]): Promise<void> {
  for (const daemon of daemons) await daemon.stop();
}

/** The domain of a VM that runs, as libvirt shows it. */
export async function verifyDomain({ report, labHost }: LabContext, vm: string): Promise<void> {
  const [domain = ""] = (await labHost.output(["virsh", "list", "--name"])).trim().split("\n");
  report.verify(domain.endsWith(vm), `virsh list: ${domain || "no domain"}`);
  const xml = await labHost.output(["virsh", "dumpxml", domain]);
  const nic = /<interface type='vdpa'>.*?<\/interface>/s.exec(xml)?.[0] ?? "";
  report.show(nic);
  report.verify(nic.includes("/dev/vhost-vdpa-"), "its NIC is an interface of type vdpa");
}

/** No domain, running or defined. */
export async function verifyNoDomain({ report, labHost }: LabContext): Promise<void> {
  const left = await labHost.output(["virsh", "list", "--all", "--name"]);
  report.verify(left.trim() === "", `virsh list: ${left.trim() || "no domain"}`);
}
