import type { Argv } from "@switchyard/model";
import type { Host } from "../port/host.ts";

/** There while systemd is the init system. @see sd_booted(3) */
const SYSTEMD_FOLDER = "/run/systemd/system";

export const hasSystemd = (host: Pick<Host, "exists">): Promise<boolean> =>
  host.exists(SYSTEMD_FOLDER);

/**
 * Puts a program that leaves a daemon behind into a systemd scope of its own: stopping the agent's service
 * ends everything in the service's cgroup. Where there is no systemd the daemon's own session is enough.
 * `--collect` lets a name be used again after a failure.
 *
 * @param scope.unit name of the scope; systemd makes one up when it is left out
 * @param scope.options further ones for systemd-run
 * @see systemd-run(1), systemd.kill(5)
 */
export async function inOwnScope(
  host: Host,
  argv: Argv,
  scope: { readonly unit?: string; readonly options?: readonly string[] } = {},
): Promise<Argv> {
  if (!(await hasSystemd(host))) return argv;
  const { unit, options = [] } = scope;
  const name = unit === undefined ? [] : ["--unit", unit];
  return ["systemd-run", "--scope", ...name, ...options, "--collect", "--quiet", "--", ...argv];
}
