import {
  createControllerBus,
  createHostKey,
  createSigningKey,
  createUsersFile,
  shardOf,
} from "@switchyard/bus";
import { startTestBroker, type TestBroker } from "@switchyard/bus/testing";
import { type HostId, type JobId, parseHostId, parseJobId } from "@switchyard/model";
import {
  newUuid,
  type Service,
  silentLogger,
  stopAll,
  systemClock,
  systemRandom,
} from "@switchyard/runtime";
import { createStore, type Store } from "@switchyard/store";
import { startPostgres, type TestPostgres } from "@switchyard/testkit";
import { createBusAccess, readHostUsers } from "../bus-access.ts";
import { createDispatch, type Dispatch } from "../dispatch.ts";
import { settleEndedJobs } from "../job-end.ts";
import { type FakeAgent, startFakeAgent } from "./fake-agent.ts";

/** Real Postgres, real nats-server, controllers' dispatch and fake agents. */
export interface TestFleet {
  readonly broker: TestBroker;
  readonly postgres: TestPostgres;
  readonly store: Store;
  startController(): Promise<Dispatch>;
  /** Enrols a host and starts its agent. */
  addHost(name: string): Promise<FakeAgent>;
  /** Writes a no-op job with its outbox row. */
  createJob(host: HostId, ttlMs?: number): Promise<JobId>;
  stop(): Promise<void>;
}

const seams = { clock: systemClock, random: systemRandom, log: silentLogger };

export async function startTestFleet(): Promise<TestFleet> {
  const [broker, postgres] = await Promise.all([startTestBroker(), startPostgres()]);
  const url = await postgres.createDatabase("switchyard");
  const store = await createStore({ url, ...seams, onJobsEnded: settleEndedJobs });
  const signingKey = createSigningKey();
  const services: Service[] = [];
  const openBus = async () => {
    const bus = await createControllerBus({
      servers: broker.servers,
      key: broker.controllerKey,
      signingKey,
      ...seams,
    });
    services.push({ stop: () => bus.close() });
    return bus;
  };
  const access = createBusAccess({
    natsServers: broker.servers,
    bus: await openBus(),
    usersFile: createUsersFile({
      path: broker.usersFile,
      readUsers: async () => ({
        controllers: [broker.controllerKey.nkeyPublic],
        hosts: await readHostUsers(store.reads.hosts),
      }),
      reload: broker.reload,
      servers: broker.servers,
      ...seams,
    }),
  });
  return {
    broker,
    postgres,
    store,
    startController: async () => {
      const dispatch = await createDispatch({ store, bus: await openBus(), signingKey, ...seams });
      services.push(dispatch);
      return dispatch;
    },
    addHost: async (name) => {
      const key = createHostKey();
      const host = parseHostId(name);
      const { hostEpoch } = await enroll(store, host, key.nkeyPublic);
      await access.admit({ host });
      const { servers } = broker;
      const agent = await startFakeAgent({ servers, host, hostEpoch, key, signingKey });
      services.push({ stop: () => agent.close() });
      return agent;
    },
    createJob: (host, ttlMs = 60_000) => createJob(store, host, ttlMs),
    stop: async () => {
      await stopAll(services);
      await store.close();
      await Promise.all([broker.stop(), postgres.stop()]);
    },
  };
}

const TOKEN_HASH_BYTES = 32;

async function enroll(store: Store, host: HostId, nkeyPublic: string) {
  const tokenHash = systemRandom.hex(TOKEN_HASH_BYTES);
  const shard = shardOf(host);
  const enrolled = await store.transaction({ actor: "users/test" }, async (tx) => {
    await tx.hosts.createEnrollmentToken({
      host,
      hash: tokenHash,
      ttlMs: 60_000,
      labels: {},
      allowReenroll: false,
    });
    return tx.hosts.enroll({ host, tokenHash, nkeyPublic, agentVersion: "1", shard });
  });
  return enrolled.host;
}

async function createJob(store: Store, host: HostId, ttlMs: number): Promise<JobId> {
  const id = parseJobId(newUuid(systemClock, systemRandom));
  await store.transaction({ actor: "users/test" }, (tx) =>
    tx.jobs.create({ id, host, spec: { kind: "noop" }, subject: undefined, ttlMs }),
  );
  return id;
}
