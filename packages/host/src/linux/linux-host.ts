import { bootHost, type HostKind } from "@switchyard/model";
import { type Clock, type Logger, systemRandom } from "@switchyard/runtime";
import type { Host } from "../port/host.ts";
import { hasSystemd } from "../tools/scope.ts";
import { runChecked } from "../tools/tool.ts";
import { connectByteSocket } from "./byte-socket.ts";
import { createCommandRunner } from "./command-runner.ts";
import { createFiles } from "./files.ts";
import { connectLineSocket } from "./line-socket.ts";

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
    connectByteSocket: (path) => connectByteSocket(path, clock),
    reboot: async (reason) => {
      log.warn({ reason }, "rebooting the host");
      await runChecked(host, { argv: bootHost(await hasSystemd(host)) });
    },
  };
  return host;
}
