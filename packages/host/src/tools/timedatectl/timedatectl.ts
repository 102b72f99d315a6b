import type { Argv } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runOptional } from "../tool.ts";

/** It asks a daemon over D-Bus, which starts it where it is not running. */
const ASK_TIMEOUT_MS = 10_000;

/** The kernel's own word: STA_UNSYNC of adjtimex(2) is not set. @see timedatectl(1) */
export const clockIsSynchronized = (): Argv => [
  "timedatectl",
  "show",
  "--property=NTPSynchronized",
  "--value",
];

/** For a machine without systemd. @see chronyc(1), tracking */
export const chronyTracking = (): Argv => ["chronyc", "-n", "tracking"];

/** Whether a time service keeps the clock; undefined where neither systemd nor chrony tells. */
export async function readClockSynchronized(host: Host): Promise<boolean | undefined> {
  const ask = (argv: Argv) => runOptional(host, { argv, timeoutMs: ASK_TIMEOUT_MS });
  const answer = (await ask(clockIsSynchronized()))?.stdout.trim();
  if (answer === "yes" || answer === "no") return answer === "yes";
  const status = /^Leap status\s*: (.*)$/m.exec((await ask(chronyTracking()))?.stdout ?? "")?.[1];
  return status === undefined ? undefined : status.trim() !== "Not synchronised";
}
