import { spawn } from "node:child_process";
import type { Environment } from "./config-values.ts";
import type { Logger } from "./log.ts";

/** Longest wait for `systemd-notify`, after which the unit's own time-out decides. */
const NOTIFY_TIMEOUT_MS = 5_000;

/**
 * Tells systemd that this process is ready, where it was started by a unit of `Type=notify`; such a unit
 * needs `NotifyAccess=all`, because it is a child that tells. Elsewhere does nothing. Never throws: what could
 * not be told is logged.
 *
 * @see systemd-notify(1); Node has no datagram sockets of the Unix kind to write to NOTIFY_SOCKET itself
 */
export async function notifyReady(environment: Environment, log: Logger): Promise<void> {
  const socket = environment["NOTIFY_SOCKET"];
  if (socket === undefined || socket === "") return;
  await new Promise<void>((resolve) => {
    const child = spawn("systemd-notify", ["--ready"], {
      stdio: "ignore",
      timeout: NOTIFY_TIMEOUT_MS,
      env: { PATH: environment["PATH"], NOTIFY_SOCKET: socket },
    });
    child.once("error", (error) => {
      log.warn({ err: error }, "systemd was not told that this process is ready");
      resolve();
    });
    child.once("exit", (status, signal) => {
      if (status !== 0) log.warn({ status, signal }, "systemd-notify failed");
      resolve();
    });
  });
}
