import { parsePing } from "@switchyard/host";
import { HostError } from "@switchyard/model";
import type { Executor } from "../executor.ts";
import { runInGuest } from "./guest.ts";

/** ping waits this long after its last packet before it gives up. @see ping(8), -W */
const LAST_REPLY_MS = 10_000;
const PACKET_INTERVAL_MS = 1_000;
/** An emulated guest takes seconds to start a program. */
const START_MS = 30_000;

/** Replies that stay away are what was to be found out, and no error: ping then exits 1 with a summary. */
export const pingFromGuest: Executor<"pingFromGuest"> = {
  kind: "observe",
  observe: async (context, { vm, target, count }) => {
    const result = await runInGuest(context, vm, {
      argv: ["ping", "-c", String(count), target],
      timeoutMs: START_MS + count * PACKET_INTERVAL_MS + LAST_REPLY_MS,
    });
    const ping = parsePing(result.stdout);
    if (ping !== undefined) return { ping };
    throw new HostError("GUEST_COMMAND_FAILED", `ping printed no summary in the guest of ${vm}`, {
      argv: `ping -c ${count} ${target}`,
      exitCode: String(result.exitCode),
      stderr: result.stderr.slice(-2048),
    });
  },
};
