import type { Argv, PingResult } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { parsePing } from "./parse.ts";

const COUNT = 2;
/** Seconds for each answer; options of iputils and busybox alike. @see ping(8), -W */
const WAIT_S = 1;
const TIMEOUT_MS = 10_000;

/**
 * Pings an address from the host. May run twice.
 *
 * @returns undefined when ping could not send at all: no route, no such program
 * @throws CommandError
 */
export async function pingAddress(host: Host, address: string): Promise<PingResult | undefined> {
  const argv: Argv = ["ping", "-c", String(COUNT), "-W", String(WAIT_S), address];
  const result = await host.run({ argv, timeoutMs: TIMEOUT_MS });
  return parsePing(result.stdout);
}
