import { existsSync } from "node:fs";
import { runTool } from "../run.ts";

/** Where distributions and the vendor's packages put them. */
const DAEMONS = ["/usr/sbin/dockerd", "/usr/bin/dockerd"];
/** Where an engine that is a service listens. */
export const ENGINE_SOCKET = "/var/run/docker.sock";

/** The engine's program; undefined where it is not installed. */
export const findDaemon = (): string | undefined => DAEMONS.find((path) => existsSync(path));

const hasEngine = (): boolean =>
  process.env["DOCKER_HOST"] !== undefined ||
  existsSync(ENGINE_SOCKET) ||
  findDaemon() !== undefined;

/**
 * Installs the distribution's docker.io where there is no engine and this process may; nothing is started. Otherwise
 * says so; tests with containers are skipped then, and say why.
 */
export async function ensureDocker(say: (line: string) => void): Promise<void> {
  if (hasEngine()) return;
  if (process.getuid?.() === 0) {
    say("docker.io is not installed; installing the distribution's package");
    await runTool(["apt-get", "update", "-qq"], {});
    const packages = ["docker.io", "iptables"];
    await runTool(["apt-get", "install", "-y", "-qq", "--no-install-recommends", ...packages], {});
  }
  if (!hasEngine()) say("docker.io is not installed: tests with containers will be skipped");
}
