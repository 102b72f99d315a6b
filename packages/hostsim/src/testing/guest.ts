import { guestExec, type Host } from "@switchyard/host";
import { vmPaths } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";

/** Runs a command line in a guest, through the wrapper that the agent uses. */
export function inGuest(host: Host, vm: string, line: string) {
  const argv = line.split(" ") as [string, ...string[]];
  const options = { timeoutMs: 5000, clock: systemClock };
  return guestExec(host, vmPaths(vm).guestAgentSocket, argv, options);
}

/** Gives a guest's first NIC an address and brings it up. */
export async function configureGuest(host: Host, vm: string, cidr: string): Promise<void> {
  await inGuest(host, vm, "nmcli device set eth0 managed no");
  await inGuest(host, vm, `ip addr add ${cidr} dev eth0`);
  await inGuest(host, vm, "ip link set eth0 up");
}

/** How many of `count` pings from a guest were answered. */
export async function answered(
  host: Host,
  ping: { readonly vm: string; readonly target: string; readonly count?: number },
): Promise<number> {
  const { stdout } = await inGuest(host, ping.vm, `ping -c ${ping.count ?? 2} -W 1 ${ping.target}`);
  return Number(/(\d+) received/.exec(stdout)?.[1] ?? 0);
}
