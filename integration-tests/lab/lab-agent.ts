import type { Stack } from "@switchyard/dev/stack";
import type { LabHost } from "./lab-host.ts";

/** Where the lab host sees the loopback of the machine it runs on. @see qemu(1), user networking */
export const OUTER_MACHINE = "10.0.2.2";
const DATA_FOLDER = "/var/lib/switchyard/agent";
const TOKEN_FILE = "/var/lib/switchyard/token";

/** What process 1 waits for before it starts the agent; see `host-files/usr/lib/switchyard-lab/agent`. */
const SETTINGS_FILE = "/var/lib/switchyard/agent.env";

/**
 * Short, so that the scenario does not wait long for the next look; and no shorter, because one look is dozens of
 * programs, which under emulation take a CPU for seconds.
 */
const INTERVALS = {
  SY_HEARTBEAT_INTERVAL_MS: "2000",
  SY_INVENTORY_INTERVAL_MS: "30000",
  SY_TELEMETRY_INTERVAL_MS: "60000",
};

const portOf = (address: string): string => address.slice(address.lastIndexOf(":") + 1);

/**
 * Installs the packaged agent as an operator would: a one-time token and the settings, on the disk. Process
 * 1 starts it, now and at every boot, and the first time it enrols with the token.
 */
export async function installLabAgent(stack: Stack, labHost: LabHost): Promise<void> {
  const { token } = await stack.client.enrollment.createEnrollmentToken({
    host: `hosts/${labHost.topology.name}`,
    labels: { role: "vm-host", machine: labHost.topology.name },
  });
  await labHost.writeFile(TOKEN_FILE, token);
  const settings = {
    SY_HOST: labHost.topology.name,
    SY_HOST_KIND: "lab",
    SY_DATA_FOLDER: DATA_FOLDER,
    SY_CONTROLLER_ADDRESS: `${OUTER_MACHINE}:${portOf(stack.address)}`,
    SY_NATS_SERVERS: `${OUTER_MACHINE}:${portOf(stack.broker.nats.url)}`,
    SY_ENROLLMENT_TOKEN_FILE: TOKEN_FILE,
    SY_INSECURE_DEVELOPMENT: "1",
    ...INTERVALS,
  };
  const lines = Object.entries(settings).map(([name, value]) => `${name}=${value}\n`);
  await labHost.writeFile(SETTINGS_FILE, lines.join(""));
}

/** Pid of the agent that runs in the lab host now; undefined while none does. */
export async function findAgentPid(labHost: LabHost): Promise<number | undefined> {
  const { stdout } = await labHost.run(["pgrep", "-f", "^/payload/node /payload/agent.mjs"]);
  const [pid] = stdout.split("\n").filter(Boolean).map(Number);
  return pid;
}
