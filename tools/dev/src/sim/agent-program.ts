import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createGrpcEnrollCall, findIdentity, runAgentProcess } from "@switchyard/agent";
import { createClient } from "@switchyard/client";
import { connectSimHost } from "@switchyard/hostsim";
import { describeError, systemClock } from "@switchyard/runtime";

/*
 * The packaged agent's process, settings included, on a simulated machine that `machines-program.ts` runs elsewhere:
 * SY_SIM_SOCKET names the machine's socket. When the machine boots or goes away the process ends, as the agent of
 * a server would; whoever started it starts it again.
 *
 * Where SY_SIM_ADMIN_TOKEN_FILE is set it gets its one-time token by itself, as no person is there to bring it.
 */

const {
  SY_SIM_SOCKET: socketPath = "",
  SY_SIM_ADMIN_TOKEN_FILE: adminTokenFile = "",
  SY_CONTROLLER_ADDRESS: address = "",
  SY_CA_FILE: caFile = "",
  SY_DATA_FOLDER: dataFolder = "",
  SY_HOST: name = "",
} = process.env;

/** The label by which VMs and profiles choose simulated hosts; each has its own name as another. */
const ROLE = "vm-host";
/** It will hold the key. */
const FOLDER_MODE = 0o700;

/** @returns a file with a token to enrol with; undefined where the host is enrolled or somebody brings it */
async function bringToken(): Promise<string | undefined> {
  if (adminTokenFile === "" || (await findIdentity(dataFolder)) !== undefined) return undefined;
  const client = createClient({
    address,
    security: { kind: "tls", caCertificatePem: await readFile(caFile, "utf8") },
    token: (await readFile(adminTokenFile, "utf8")).trim(),
  });
  try {
    const { token } = await client.enrollment.createEnrollmentToken({
      host: `hosts/${name}`,
      labels: { role: ROLE, name },
    });
    const path = join(dataFolder, "enrollment.token");
    await mkdir(dataFolder, { recursive: true, mode: FOLDER_MODE });
    await writeFile(path, token, { mode: 0o600 });
    return path;
  } finally {
    client.close();
  }
}

try {
  const tokenFile = await bringToken();
  const status = await runAgentProcess({
    environment: {
      ...process.env,
      ...(tokenFile !== undefined && { SY_ENROLLMENT_TOKEN_FILE: tokenFile }),
    },
    enrollCall: createGrpcEnrollCall({ isInsecure: false, nowMs: () => systemClock.nowMs() }),
    openHost: async (_config, log) => {
      const host = await connectSimHost({ socketPath });
      void host.closed.then(() => {
        log.warn({ socketPath }, "the simulated machine went away; the process ends");
        process.exit(1);
      });
      return host;
    },
  });
  process.exit(status);
} catch (error) {
  process.stderr.write(describeError(error));
  process.exit(1);
}
