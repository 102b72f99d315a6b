import { existsSync } from "node:fs";
import { runTool } from "../run.ts";
import { installPackages } from "./install-packages.ts";

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
  await installPackages(["docker.io", "iptables"], say);
  if (!hasEngine()) say("docker.io is not installed: tests with containers will be skipped");
}

const hasCompose = async (): Promise<boolean> => {
  for (const program of [["docker", "compose"], ["docker-compose"]] as const) {
    const asked = await runTool([...program, "version"], {}).catch(() => undefined);
    if (asked?.exitCode === 0) return true;
  }
  return false;
};

/** As {@link ensureDocker}, for the program that reads compose files. */
export async function ensureCompose(say: (line: string) => void): Promise<void> {
  if (!hasEngine() || (await hasCompose())) return;
  await installPackages(["docker-compose"], say);
  if (!(await hasCompose())) say("no compose is installed: its test will be skipped");
}
