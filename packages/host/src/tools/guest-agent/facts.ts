import {
  GUEST_FACTS_LIMITS,
  type GuestFacts,
  type GuestNetdev,
  HostError,
} from "@switchyard/model";
import type { Clock } from "@switchyard/runtime";
import type { Host } from "../../port/host.ts";
import { arrayOf, recordOf, textOf } from "../json.ts";
import { type GuestSession, withGuest } from "./session.ts";

/** A guest may say anything: no control characters, and no more than a line. */
const wordOf = (value: unknown): string =>
  (textOf(value) ?? "").replaceAll(/\p{Cc}/gu, " ").slice(0, GUEST_FACTS_LIMITS.charactersMax);

/** @see qemu/qemu qga/qapi-schema.json, guest-network-get-interfaces */
export function parseInterfaces(value: unknown): readonly GuestNetdev[] {
  const netdevs = arrayOf(value)
    .map(recordOf)
    .filter(({ name }) => name !== "lo");
  return netdevs.slice(0, GUEST_FACTS_LIMITS.netdevsMax).map((netdev) => ({
    name: wordOf(netdev["name"]),
    mac: wordOf(netdev["hardware-address"]).toLowerCase(),
    addresses: arrayOf(netdev["ip-addresses"])
      .slice(0, GUEST_FACTS_LIMITS.addressesMax)
      .map(recordOf)
      .map((each) => `${wordOf(each["ip-address"])}/${Number(each["prefix"] ?? 0)}`),
  }));
}

/** Undefined for a command that the guest's agent does not have or was told not to give. */
async function ask(session: GuestSession, command: string): Promise<unknown> {
  try {
    return await session.call(command);
  } catch (error) {
    if (error instanceof HostError && error.reason === "GUEST_COMMAND_FAILED") return undefined;
    throw error;
  }
}

/**
 * What the guest says of itself. What its agent does not tell is empty.
 *
 * @throws HostError VM_NOT_RUNNING, GUEST_AGENT_SILENT
 */
export function readGuestFacts(
  host: Host,
  socketPath: string,
  options: { readonly timeoutMs: number; readonly clock: Clock },
): Promise<GuestFacts> {
  return withGuest({ host, socketPath, ...options }, async (session) => {
    const name = recordOf((await ask(session, "guest-get-host-name")) ?? {});
    const os = recordOf((await ask(session, "guest-get-osinfo")) ?? {});
    const netdevs = (await ask(session, "guest-network-get-interfaces")) ?? [];
    return {
      hostname: wordOf(name["host-name"]),
      os: wordOf(os["pretty-name"]) || wordOf(os["name"]) || wordOf(os["id"]),
      kernelRelease: wordOf(os["kernel-release"]),
      netdevs: parseInterfaces(netdevs),
    };
  });
}
