import { guestPing } from "@switchyard/host";
import {
  type Argv,
  HostError,
  type Ipv4Cidr,
  ipAddressAdd,
  ipLinkMtu,
  ipLinkSet,
  type MacAddress,
  vmPaths,
} from "@switchyard/model";
import { ensure, type StepContext, waitUntil } from "../executor.ts";
import { runInGuest } from "./guest.ts";

const AGENT_INTERVAL_MS = 1_000;
/** One look at the agent; a guest that boots does not answer and must not hold the socket for long. */
const AGENT_PING_TIMEOUT_MS = 3_000;
/** An emulated guest takes seconds to run a program. */
const GUEST_COMMAND_TIMEOUT_MS = 60_000;

interface State {
  /** Undefined when no netdev of the guest has the MAC. */
  readonly netdev: string | undefined;
  readonly isUp: boolean;
  readonly mtu: number | undefined;
  readonly addresses: readonly string[];
}

async function awaitAgent(context: StepContext, vm: string, timeoutMs: number): Promise<void> {
  const isUp = await waitUntil(context, {
    timeoutMs,
    intervalMs: AGENT_INTERVAL_MS,
    read: () => guestPing(context.observer, vmPaths(vm).guestAgentSocket, AGENT_PING_TIMEOUT_MS),
    isDone: (answers) => answers,
  });
  if (isUp) return;
  throw new HostError("GUEST_AGENT_SILENT", `the guest agent of ${vm} did not answer`, {
    needs: `an answer within ${Math.round(timeoutMs / 1000)} s`,
    try: "Check that the image runs qemu-guest-agent",
  });
}

async function runChecked(context: StepContext, vm: string, argv: Argv): Promise<string> {
  const timeoutMs = GUEST_COMMAND_TIMEOUT_MS;
  const result = await runInGuest(context, vm, { argv, timeoutMs });
  if (result.exitCode === 0) return result.stdout;
  throw new HostError("GUEST_COMMAND_FAILED", `${argv.join(" ")} failed in the guest of ${vm}`, {
    argv: argv.join(" "),
    exitCode: String(result.exitCode),
    stderr: result.stderr.slice(-2048),
  });
}

/**
 * The guest's netdev with the MAC, in the one-line form that iproute2 and busybox both print:
 * `2: eth0    inet 10.0.0.2/24 …` and `2: eth0: <BROADCAST,UP> … link/ether 52:54:…`.
 *
 * @see ip(8), -oneline; busybox networking/libiproute/ipaddress.c
 */
async function readGuest(context: StepContext, vm: string, mac: MacAddress): Promise<State> {
  const links = await runChecked(context, vm, ["ip", "-o", "link", "show"]);
  const line = links.split("\n").find((each) => each.toLowerCase().includes(`link/ether ${mac}`));
  const netdev = /^\d+: ([^:@\s]+)/.exec(line ?? "")?.[1];
  if (netdev === undefined) return { netdev, isUp: false, mtu: undefined, addresses: [] };
  const shown = await runChecked(context, vm, ["ip", "-o", "-4", "addr", "show", "dev", netdev]);
  const addresses = [...shown.matchAll(/\binet (\S+)/g)].map((match) => match[1] ?? "");
  const mtu = Number(/ mtu (\d+)/.exec(line ?? "")?.[1]);
  return { netdev, isUp: /<(?:[^>]*,)?UP[,>]/.test(line ?? ""), mtu, addresses };
}

const has = (state: State, address: Ipv4Cidr): boolean => state.addresses.includes(address);

/** Not taken back: an address in a guest ends with the guest. */
export const ensureGuestAddress = ensure<"ensureGuestAddress", State>({
  read: async (context, { vm, mac, timeoutMs }) => {
    await awaitAgent(context, vm, timeoutMs);
    return readGuest(context, vm, mac);
  },
  isSatisfied: (state, { address, mtu }) =>
    state.isUp && has(state, address) && (mtu === undefined || state.mtu === mtu),
  apply: async (context, { vm, mac, address, mtu }, state) => {
    const { netdev } = state;
    if (netdev === undefined) {
      throw new HostError("DEVICE_ABSENT", `the guest of ${vm} has no netdev with MAC ${mac}`, {
        needs: mac,
      });
    }
    if (mtu !== undefined && state.mtu !== mtu) {
      await runChecked(context, vm, ipLinkMtu(netdev, mtu));
    }
    if (!has(state, address)) await runChecked(context, vm, ipAddressAdd(netdev, address));
    if (!state.isUp) await runChecked(context, vm, ipLinkSet(netdev, "up"));
  },
  undo: undefined,
  failure: "GUEST_COMMAND_FAILED",
  isHarmless: true,
});
