import type { Stack } from "@switchyard/dev/stack";
import type { LabHost, LabProcess } from "./lab-host.ts";

/** Where the lab host sees the loopback of the machine it runs on. @see qemu(1), user networking */
const OUTER_MACHINE = "10.0.2.2";
const TOKEN_FILE = "/run/switchyard-token";
const DATA_FOLDER = "/var/lib/switchyard/agent";

/** Short, so that nothing of the scenario waits for the next look. */
const INTERVALS = {
  SY_HEARTBEAT_INTERVAL_MS: "2000",
  SY_INVENTORY_INTERVAL_MS: "3000",
  SY_TELEMETRY_INTERVAL_MS: "3000",
};

const portOf = (address: string): string => address.slice(address.lastIndexOf(":") + 1);

/** Makes a one-time token for the lab host and leaves it there, as an operator would. */
export async function giveToken(stack: Stack, labHost: LabHost): Promise<void> {
  const { token } = await stack.client.enrollment.createEnrollmentToken({
    host: `hosts/${labHost.topology.name}`,
    labels: { role: "vm-host" },
  });
  await labHost.writeFile(TOKEN_FILE, token);
}

/** Starts the packaged agent inside the lab host; the first time it enrols with the token. */
export const startLabAgent = (stack: Stack, labHost: LabHost): Promise<LabProcess> =>
  labHost.spawn(["/payload/node", "/payload/agent.mjs"], {
    log: "agent.log",
    environment: {
      PATH: "/usr/sbin:/usr/bin:/sbin:/bin",
      SY_HOST: labHost.topology.name,
      SY_HOST_KIND: "lab",
      SY_DATA_FOLDER: DATA_FOLDER,
      SY_CONTROLLER_ADDRESS: `${OUTER_MACHINE}:${portOf(stack.address)}`,
      SY_NATS_SERVERS: `${OUTER_MACHINE}:${portOf(stack.broker.nats.url)}`,
      SY_ENROLLMENT_TOKEN_FILE: TOKEN_FILE,
      SY_INSECURE_DEVELOPMENT: "1",
      ...INTERVALS,
    },
  });
