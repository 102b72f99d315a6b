import { credentials, loadPackageDefinition, type ServiceClientConstructor } from "@grpc/grpc-js";
import { loadSync } from "@grpc/proto-loader";
import { SwitchyardError } from "@switchyard/model";
import { type Environment, systemClock } from "@switchyard/runtime";
import { protoPath } from "grpc-health-check";
import { signingKeyIfThere } from "./check-config.ts";
import { invalid, readConfig } from "./config.ts";

/** Longer than a part may take to be noticed as down. */
const TIMEOUT_MS = 5_000;

interface HealthAnswer {
  readonly status: string;
}

/** The port of this machine at which a controller with this address is reached. */
function ownAddress(listen: string): string {
  const port = /:(\d+)$/.exec(listen)?.[1];
  if (port === undefined) throw invalid("listen", "host:port", { found: listen });
  const host = listen.slice(0, -port.length - 1);
  return /^(0\.0\.0\.0|\[::\]|::|)$/.test(host) ? `127.0.0.1:${port}` : listen;
}

/**
 * Asks the controller that runs here with this configuration whether it serves; for health checks of containers.
 * Its certificate is not checked: it is asked on this machine, and for nothing secret.
 *
 * @returns one line
 * @throws InvalidInputError CONFIG_INVALID; SwitchyardError BUS_UNAVAILABLE where it does not answer or not serve
 */
export async function checkHealth(environment: Environment): Promise<readonly string[]> {
  const { listen } = await readConfig(environment, signingKeyIfThere);
  const address = ownAddress(listen.address);
  const definition = loadPackageDefinition(loadSync(protoPath, { enums: String })) as unknown as {
    readonly grpc: {
      readonly health: { readonly v1: { readonly Health: ServiceClientConstructor } };
    };
  };
  const { Health } = definition.grpc.health.v1;
  const client = new Health(
    address,
    listen.tls === undefined
      ? credentials.createInsecure()
      : credentials.createSsl(null, null, null, { rejectUnauthorized: false }),
  );
  try {
    const { status } = await new Promise<HealthAnswer>((resolve, reject) => {
      const deadline = systemClock.nowMs() + TIMEOUT_MS;
      client["Check"]?.(
        { service: "" },
        { deadline },
        (error: Error | null, answer: HealthAnswer) =>
          error === null ? resolve(answer) : reject(error),
      );
    });
    if (status === "SERVING") return [`${address} serves`];
    throw unhealthy(address, status);
  } catch (error) {
    if (error instanceof SwitchyardError) throw error;
    throw unhealthy(address, error instanceof Error ? error.message : String(error));
  } finally {
    client.close();
  }
}

const unhealthy = (address: string, found: string): SwitchyardError =>
  new SwitchyardError("BUS_UNAVAILABLE", `the controller at ${address} does not serve`, {
    found,
    needs: "SERVING",
    try: "Look at its log: Postgres or NATS may be away",
  });
