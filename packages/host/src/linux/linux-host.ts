import type { HostKind } from "@switchyard/model";
import { type Clock, type Logger, systemRandom } from "@switchyard/runtime";
import type { Host } from "../port/host.ts";
import { runChecked } from "../tools/tool.ts";
import { createCommandRunner } from "./command-runner.ts";
import { createFiles } from "./files.ts";
import { connectLineSocket } from "./line-socket.ts";

/** There while systemd is the init system. @see sd_booted(3) */
const SYSTEMD_FOLDER = "/run/systemd/system";

/** The machine this process runs on. */
export function createLinuxHost(options: {
  readonly kind: Exclude<HostKind, "simulated">;
  readonly log: Logger;
  readonly clock: Clock;
}): Host {
  const { log, clock } = options;
  const run = createCommandRunner({ log, clock });
  const files = createFiles({ clock, random: systemRandom });
  const host: Host = {
    kind: options.kind,
    run,
    ...files,
    connectSocket: (path) => connectLineSocket(path, clock),
    reboot: async (reason) => {
      log.warn({ reason }, "rebooting the host");
      const hasSystemd = await files.exists(SYSTEMD_FOLDER);
      await runChecked(host, { argv: hasSystemd ? ["systemctl", "reboot"] : ["reboot"] });
    },
  };
  return host;
}
