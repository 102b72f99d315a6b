import { CommandError, domainName } from "@switchyard/model";
import type { Host, LineSocket } from "../../port/host.ts";
import { parseJson, recordOf } from "../json.ts";
import { agentCommand, monitorCommand } from "./commands.ts";

/** virsh itself needs time to start, on top of what the peer needs. */
const VIRSH_MS = 5_000;

type Answer = object | undefined;

/**
 * A socket whose peer is reached one request at a time. Requests that are not answered end it, as a peer that
 * is gone does.
 */
function exchangeSocket(
  greeting: readonly string[],
  ask: (line: string, timeoutMs: number) => Promise<Answer>,
): LineSocket {
  const lines = [...greeting];
  const requests: string[] = [];
  let isClosed = false;
  return {
    send: (line) => {
      if (!isClosed) requests.push(line);
    },
    receive: async (timeoutMs) => {
      const request = lines.length === 0 ? requests.shift() : undefined;
      if (isClosed || (request === undefined && lines.length === 0)) return undefined;
      if (request === undefined) return lines.shift();
      const answer = await ask(request, timeoutMs);
      return answer === undefined ? undefined : JSON.stringify(answer);
    },
    close: () => {
      isClosed = true;
    },
  };
}

const seconds = (timeoutMs: number): number => Math.max(1, Math.ceil(timeoutMs / 1000));

async function runVirsh(host: Host, argv: readonly [string, ...string[]], timeoutMs: number) {
  try {
    return await host.run({ argv, timeoutMs: timeoutMs + VIRSH_MS });
  } catch (error) {
    if (error instanceof CommandError && error.reason === "COMMAND_TIMED_OUT") return undefined;
    throw error;
  }
}

/**
 * QMP of a domain, whose monitor libvirt holds: each command goes through libvirt, and events do not come.
 * libvirt numbers commands itself, so ours is taken off and put back.
 *
 * @see libvirt/libvirt src/qemu/qemu_monitor_json.c, qemuMonitorJSONCommandWithFd
 */
export function domainQmpSocket(host: Host, vm: string): LineSocket {
  const greeting = JSON.stringify({ QMP: { capabilities: [] } });
  return exchangeSocket([greeting], async (line, timeoutMs) => {
    const { id, ...request } = recordOf(parseJson(line));
    if (request["execute"] === "qmp_capabilities") return { return: {}, id };
    const argv = monitorCommand(domainName(vm), JSON.stringify(request));
    const result = await runVirsh(host, argv, timeoutMs);
    if (result === undefined || result.exitCode !== 0) return undefined;
    return { ...recordOf(parseJson(result.stdout)), id };
  });
}

/**
 * The guest agent of a domain, whose channel libvirt holds and keeps in step: a sync is answered here. No
 * agent in the guest is silence, as it is on a socket.
 *
 * @see libvirt/libvirt src/qemu/qemu_agent.c, qemuAgentGuestSync
 */
export function domainAgentSocket(host: Host, vm: string): LineSocket {
  return exchangeSocket([], async (line, timeoutMs) => {
    const request = recordOf(parseJson(line));
    if (request["execute"] === "guest-sync-delimited" || request["execute"] === "guest-sync") {
      return { return: recordOf(request["arguments"])["id"] };
    }
    const argv = agentCommand(domainName(vm), line, seconds(timeoutMs));
    const result = await runVirsh(host, argv, timeoutMs);
    if (result === undefined || isSilent(result.stderr)) return undefined;
    if (result.exitCode === 0) return recordOf(parseJson(result.stdout));
    return { error: { class: "GenericError", desc: result.stderr.trim() } };
  });
}

/** @see libvirt/libvirt src/qemu/qemu_domain.c, qemuDomainAgentAvailable */
const isSilent = (stderr: string): boolean =>
  /Guest agent is not responding|QEMU guest agent is not connected|domain is not running|failed to get domain|failed to connect/.test(
    stderr,
  );
