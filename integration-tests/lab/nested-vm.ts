import { setTimeout as sleep } from "node:timers/promises";
import { type CommandResult, execByCalls, type GuestAgent } from "./guest-agent.ts";
import { type LabHost, LabHostError } from "./lab-host.ts";

/** Where the assembled root keeps what a VM inside a lab host boots from. */
export const NESTED_KERNEL = "/usr/share/switchyard-lab/vmlinuz";
export const NESTED_INITRD = "/usr/share/switchyard-lab/initrd";
/** The same with iperf3. */
export const NESTED_INITRD_IPERF3 = "/usr/share/switchyard-lab/initrd-iperf3";

/** Kernel arguments that cut the boot of an emulated VM inside an emulated host. */
export const NESTED_KERNEL_ARGUMENTS =
  "console=ttyS0 quiet panic=-1 tsc=reliable no_timer_check lpj=4000000 i8042.noaux";

/** A VM inside a lab host, by hand: what the agent does with its own code. */
export interface NestedVm {
  readonly name: string;
  /** Runs a program inside the VM, by its guest agent. */
  readonly run: (argv: readonly string[], timeoutMs?: number) => Promise<CommandResult>;
  readonly waitUntilReady: (timeoutMs: number) => Promise<void>;
  readonly readSerial: () => Promise<string>;
  readonly stop: () => Promise<void>;
}

/** Which vDPA device the VM gets, and the MAC that device has. */
export interface NestedVmOptions {
  readonly name: string;
  readonly vhostDevice: string;
  readonly mac: string;
  readonly memoryMib?: number;
  readonly kernel?: string;
  readonly kernelArguments?: string;
}

const READY_PROBE_INTERVAL_MS = 1_000;
const ASK_TIMEOUT_MS = 15_000;

/** The argument vector of a VM with the seed's vDPA arguments, for one pair of queues. */
export function nestedVmArguments(options: NestedVmOptions): readonly string[] {
  const { name, vhostDevice, mac } = options;
  const run = `/run/${name}`;
  return [
    ...["prlimit", "--memlock=unlimited", "--", "qemu-system-x86_64", "-name", name],
    ...["-machine", "q35", "-accel", "tcg", "-cpu", "qemu64", "-smp", "1"],
    ...["-m", String(options.memoryMib ?? 128), "-nodefaults", "-no-user-config"],
    ...["-kernel", options.kernel ?? NESTED_KERNEL, "-initrd", NESTED_INITRD],
    ...["-append", options.kernelArguments ?? NESTED_KERNEL_ARGUMENTS],
    ...["-netdev", `type=vhost-vdpa,vhostdev=${vhostDevice},queues=1,id=vhost-vdpa0`],
    "-device",
    `virtio-net-pci,mq=on,vectors=4,netdev=vhost-vdpa0,page-per-vq=on,disable-legacy=on,mac=${mac},romfile=`,
    ...[
      "-chardev",
      `socket,id=qga0,path=${run}.qga,server=on,wait=off`,
      "-device",
      "virtio-serial-pci",
    ],
    ...["-device", "virtserialport,chardev=qga0,name=org.qemu.guest_agent.0"],
    ...["-display", "none", "-serial", `file:${run}.serial`],
    ...["-qmp", `unix:${run}.qmp,server=on,wait=off`, "-pidfile", `${run}.pid`, "-daemonize"],
  ];
}

/** Starts a VM inside the lab host. It boots while this returns; see `waitUntilReady`. */
export async function startNestedVm(host: LabHost, options: NestedVmOptions): Promise<NestedVm> {
  const { name } = options;
  await host.output(nestedVmArguments(options), { timeoutMs: 60_000 });
  const pid = (await host.readFile(`/run/${name}.pid`)).trim();
  const call: GuestAgent["call"] = async (execute, { arguments: values } = {}) => {
    const request = JSON.stringify({ execute, ...(values && { arguments: values }) });
    const ask = ["/usr/lib/switchyard-lab/ask-guest", `/run/${name}.qga`, request];
    const answer: unknown = JSON.parse(await host.output(ask, { timeoutMs: ASK_TIMEOUT_MS }));
    if (typeof answer === "object" && answer !== null && "return" in answer) return answer.return;
    throw new LabHostError(`${name}: ${execute}: ${JSON.stringify(answer)}`);
  };
  return {
    name,
    run: (argv, timeoutMs = 60_000) => execByCalls(call, { argv, timeoutMs }),
    waitUntilReady: async (timeoutMs) => {
      const deadline = performance.now() + timeoutMs;
      while (
        !(await call("guest-ping").then(
          () => true,
          () => false,
        ))
      ) {
        if (performance.now() > deadline) {
          const serial = await host.readFile(`/run/${name}.serial`);
          throw new LabHostError(
            `${name}: no guest agent; its console ends:\n${serial.slice(-2000)}`,
          );
        }
        await sleep(READY_PROBE_INTERVAL_MS);
      }
    },
    readSerial: () => host.readFile(`/run/${name}.serial`),
    stop: async () => {
      await host.run(["kill", "-KILL", pid]);
    },
  };
}
