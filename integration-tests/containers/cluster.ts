import { createClient, type SwitchyardClient } from "@switchyard/client";
import { type Engine, imageOf } from "@switchyard/dev/containers";
import type { Effect } from "@switchyard/hostsim";
import { systemRandom } from "@switchyard/runtime";
import { freePort, waitFor } from "@switchyard/testkit";
import {
  GenericContainer,
  Network,
  type StartedNetwork,
  type StartedTestContainer,
  Wait,
} from "testcontainers";
import {
  agentContainer,
  brokerContainer,
  controllerContainer,
  machinesContainer,
  postgresContainer,
  SECRETS,
  SIM_FOLDER,
  urlOfDatabase,
  volumesOf,
  withLogs,
} from "./parts.ts";

/** As the compose file puts them together, with ports of this machine for the test. */
export interface ContainerCluster {
  /** One of each controller. */
  readonly clients: readonly [SwitchyardClient, SwitchyardClient];
  /** The port is another one after a restart. */
  databaseUrl(): string;
  readonly postgres: StartedTestContainer;
  readonly nats: StartedTestContainer;
  readonly agents: readonly AgentContainer[];
  /** What was changed on a simulated machine since it was switched on. */
  effectsOf(host: string): Promise<readonly Effect[]>;
  stop(): Promise<void>;
}

export interface AgentContainer {
  /** Without `hosts/`. */
  readonly host: string;
  address(): string;
  /** Takes its network away, and gives it back; the machine it looks after stays with it. */
  cutOff(): Promise<void>;
  reconnect(): Promise<void>;
}

export const HOSTS = 6;
/** Twelve processes begin on a machine that does much else. */
const STARTUP_MS = 180_000;
/** Of a controller, until its API answers. */
const READY_MS = 180_000;
const PROBE_MS = 5_000;

type Undo = () => Promise<unknown>;

export async function startContainers(engine: Engine): Promise<ContainerCluster> {
  const undo: Undo[] = [];
  const stop = async () => {
    for (const step of undo.splice(0).reverse()) await step();
  };
  try {
    return { ...(await bringUp(engine, undo)), stop };
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }
}

/** Also containers that never became healthy, whose last words are shown. */
async function removeAll(
  engine: Engine,
  network: string,
  volumes: readonly string[],
): Promise<void> {
  const all = ["ps", "--all", "--filter", `network=${network}`, "--format"];
  const listed = await engine.docker([...all, "{{.ID}} {{.Image}} {{.Status}}"]);
  for (const line of listed.output.split("\n").filter((each) => each !== "")) {
    const [id = ""] = line.split(" ");
    if (!/ Up .*(?<!unhealthy\))$/.test(line) && !/Exited \(0\)/.test(line)) {
      const { output } = await engine.docker(["logs", "--tail", "20", id]);
      process.stderr.write(`# ${line}\n${output}\n`);
    }
    await engine.docker(["rm", "--force", "--volumes", id]);
  }
  await engine.docker(["network", "rm", network]);
  await engine.docker(["volume", "rm", "--force", ...volumes]);
}

async function bringUp(engine: Engine, undo: Undo[]): Promise<Omit<ContainerCluster, "stop">> {
  const network = await new Network().start();
  const volumes = volumesOf(`sy-${systemRandom.hex(4)}`);
  undo.push(() => removeAll(engine, network.getName(), Object.values(volumes)));
  const started = (container: GenericContainer): Promise<StartedTestContainer> =>
    withLogs(container).withStartupTimeout(STARTUP_MS).start();
  const secrets = { source: volumes.secrets, target: SECRETS };
  const names = ["controller-1", "controller-2", "nats", "localhost", "127.0.0.1"];
  await started(
    new GenericContainer(imageOf("controller"))
      .withNetwork(network)
      .withBindMounts([secrets])
      .withCommand(["init", ...names.flatMap((name) => ["--name", name])])
      .withWaitStrategy(Wait.forOneShotStartup()),
  );
  const sim = { source: volumes.sim, target: SIM_FOLDER };
  const [postgres, nats, machines] = await Promise.all([
    started(postgresContainer(network)),
    started(brokerContainer(network).withBindMounts([secrets])),
    started(machinesContainer(network).withBindMounts([sim])),
  ]);
  const controllerAt = async (name: string) => {
    const port = await freePort();
    const container = controllerContainer(network, name)
      .withBindMounts([secrets, { source: volumes.controllers, target: "/var/lib/switchyard" }])
      .withExposedPorts({ container: 7443, host: port });
    return { container: await started(container), port };
  };
  const controllers = await Promise.all(["controller-1", "controller-2"].map(controllerAt));
  const clients = await Promise.all(
    controllers.map(({ container, port }) => clientOf(container, port)),
  );
  undo.push(async () => {
    for (const client of clients) client.close();
  });
  const [first, second] = clients;
  if (first === undefined || second === undefined) throw new RangeError("two controllers");
  const hosts = Array.from({ length: HOSTS }, (_, index) => `r740-0${index + 1}`);
  const agents = await Promise.all(
    hosts.map(async (host, index) => {
      const container = await started(
        agentContainer(network, {
          host,
          controller: `controller-${(index % 2) + 1}`,
        }).withBindMounts([{ ...secrets, mode: "ro" }, sim]),
      );
      return agentOf(host, container, { engine, network });
    }),
  );
  const status = `http://${machines.getHost()}:${machines.getMappedPort(8080)}`;
  return {
    ...{ clients: [first, second], postgres, nats, agents },
    databaseUrl: () => urlOfDatabase(`${postgres.getHost()}:${postgres.getMappedPort(5432)}`),
    effectsOf: async (host) =>
      (await fetch(`${status}/effects/${host}`)).json() as Promise<Effect[]>,
  };
}

async function clientOf(controller: StartedTestContainer, port: number): Promise<SwitchyardClient> {
  const read = async (path: string) => {
    const { exitCode, output } = await controller.exec(["cat", `${SECRETS}/${path}`]);
    if (exitCode !== 0) throw new Error(output);
    return output;
  };
  const client = createClient({
    address: `${controller.getHost()}:${port}`,
    security: { kind: "tls", caCertificatePem: await read("tls/ca.pem") },
    token: (await read("admin.token")).trim(),
  });
  const probe = () => client.hosts.listHosts({ pageSize: 1 }, { timeoutMs: PROBE_MS });
  await waitFor(probe, { deadlineMs: READY_MS });
  return client;
}

function agentOf(
  host: string,
  container: StartedTestContainer,
  { engine, network }: { readonly engine: Engine; readonly network: StartedNetwork },
): AgentContainer {
  const change = async (verb: "connect" | "disconnect") => {
    const names = [network.getName(), container.getId()];
    const { exitCode, output } = await engine.docker(["network", verb, ...names]);
    if (exitCode !== 0) throw new Error(output);
  };
  return {
    host,
    address: () => container.getIpAddress(network.getName()),
    cutOff: () => change("disconnect"),
    reconnect: () => change("connect"),
  };
}
