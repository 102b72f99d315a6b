import { imageOf, STOCK_IMAGES } from "@switchyard/dev/containers";
import { type GenericContainer, type StartedNetwork, Wait } from "testcontainers";
import { SupervisedContainer } from "./supervised.ts";

/*
 * The parts as the compose file has them.
 */

export const SECRETS = "/etc/switchyard";
export const SIM_FOLDER = "/run/switchyard-sim";
const PASSWORD = "switchyard";

export const urlOfDatabase = (place: string): string =>
  `postgres://switchyard:${PASSWORD}@${place}/switchyard`;

/** `CONTAINERS_LOG=1` shows what every container says. */
export function withLogs(container: GenericContainer): GenericContainer {
  if (process.env["CONTAINERS_LOG"] === undefined) return container;
  return container.withLogConsumer((stream) =>
    stream.on("data", (chunk) => process.stderr.write(chunk)),
  );
}

/** Names of volumes, as of one run. */
export const volumesOf = (prefix: string) => ({
  secrets: `${prefix}-secrets`,
  controllers: `${prefix}-controllers`,
  sim: `${prefix}-sim`,
});

export const postgresContainer = (network: StartedNetwork): GenericContainer =>
  new SupervisedContainer(STOCK_IMAGES.postgres)
    .joins(network, "postgres")
    .withEnvironment({
      POSTGRES_USER: "switchyard",
      POSTGRES_DB: "switchyard",
      POSTGRES_PASSWORD: PASSWORD,
    })
    .withExposedPorts(5432)
    // What the stock image starts first, to make the database, listens on no port.
    .withWaitStrategy(Wait.forListeningPorts());

export const controllerContainer = (network: StartedNetwork, name: string): GenericContainer =>
  new SupervisedContainer(imageOf("controller")).joins(network, name).withEnvironment({
    SY_LISTEN: "0.0.0.0:7443",
    SY_TLS_CERT_FILE: `${SECRETS}/tls/server.pem`,
    SY_TLS_KEY_FILE: `${SECRETS}/tls/server.key`,
    SY_TOKENS_FILE: `${SECRETS}/tokens.yaml`,
    SY_CLUSTER_KEY_FILE: `${SECRETS}/cluster.key`,
    SY_DATABASE_URL: urlOfDatabase("postgres:5432"),
    SY_NATS_SERVERS: "nats:4222",
    SY_NATS_SEED_FILE: `${SECRETS}/nats/controllers.nk`,
    SY_NATS_CA_FILE: `${SECRETS}/tls/ca.pem`,
    SY_NATS_USERS_FILE: `${SECRETS}/nats/users.conf`,
    SY_DATA_FOLDER: "/var/lib/switchyard",
    SY_LOG_LEVEL: "warn",
  });

export const agentContainer = (
  network: StartedNetwork,
  { host, controller }: { readonly host: string; readonly controller: string },
): GenericContainer =>
  new SupervisedContainer(imageOf("sim-agent")).joins(network, host).withEnvironment({
    SY_HOST: host,
    SY_SIM_SOCKET: `${SIM_FOLDER}/${host}.sock`,
    SY_CONTROLLER_ADDRESS: `${controller}:7443`,
    SY_CA_FILE: `${SECRETS}/tls/ca.pem`,
    SY_SIM_ADMIN_TOKEN_FILE: `${SECRETS}/admin.token`,
    SY_HEARTBEAT_INTERVAL_MS: "2000",
    SY_INVENTORY_INTERVAL_MS: "3000",
  });

export const brokerContainer = (network: StartedNetwork): GenericContainer =>
  new SupervisedContainer(imageOf("broker"))
    .joins(network, "nats")
    .withWaitStrategy(Wait.forHealthCheck());

export const machinesContainer = (network: StartedNetwork): GenericContainer =>
  new SupervisedContainer(imageOf("sim-machines"))
    .joins(network, "machines")
    .withExposedPorts(8080)
    .withWaitStrategy(Wait.forHealthCheck());
