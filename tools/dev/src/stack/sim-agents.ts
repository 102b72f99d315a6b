import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import {
  AGENT_VERSION,
  type Agent,
  type AgentIntervals,
  createAgent,
  createFileStorage,
  createGrpcEnrollCall,
  enroll,
  loadOrCreateHostKey,
} from "@switchyard/agent";
import { type AgentBus, createAgentBus } from "@switchyard/bus";
import type { SwitchyardClient } from "@switchyard/client";
import type { SimHost } from "@switchyard/hostsim";
import { parseHostId } from "@switchyard/model";
import {
  type BackoffPolicy,
  backoffMs,
  type Logger,
  systemClock,
  systemRandom,
} from "@switchyard/runtime";

/** An agent on a simulated host, enrolled as a real one would be. */
export interface SimAgent {
  readonly name: string;
  readonly agent: Agent;
  readonly bus: AgentBus;
  stop(): Promise<void>;
}

export interface SimAgentOptions {
  readonly client: SwitchyardClient;
  readonly controllerAddress: string;
  /** Keys and ledgers, one folder per host below it. */
  readonly folder: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly intervals?: Partial<AgentIntervals>;
  readonly log: Logger;
}

const enrollCall = createGrpcEnrollCall({ isInsecure: true, nowMs: () => systemClock.nowMs() });

/** Enrols the host with a one-time token and starts its agent. */
export async function startSimAgent(
  name: string,
  host: SimHost,
  options: SimAgentOptions,
): Promise<SimAgent> {
  const folder = join(options.folder, name);
  await mkdir(folder, { recursive: true });
  const { token } = await options.client.enrollment.createEnrollmentToken({
    host: `hosts/${name}`,
    labels: { ...options.labels },
  });
  const id = parseHostId(name);
  const call = enrollCall(options.controllerAddress, undefined);
  const identity = await persist(() =>
    enroll({ folder, host: id, token, agentVersion: AGENT_VERSION, call }),
  );
  const key = await loadOrCreateHostKey(folder);
  const bus = await persist(() =>
    createAgentBus({
      servers: identity.natsServers,
      host: id,
      hostEpoch: identity.hostEpoch,
      key,
      controllers: identity.controllers,
      clock: systemClock,
      random: systemRandom,
      log: options.log,
    }),
  );
  const agent = createAgent({
    host,
    bus,
    storage: createFileStorage(join(folder, "ledger")),
    clock: systemClock,
    random: systemRandom,
    log: options.log.child({ host: name }),
    agentVersion: AGENT_VERSION,
    ...(options.intervals === undefined ? {} : { intervals: options.intervals }),
  });
  await agent.start();
  return {
    name,
    agent,
    bus,
    stop: async () => {
      await agent.stop();
      await bus.close();
    },
  };
}

/** Tries at enrolling and at connecting: nats-server refuses who comes while it loads another host. */
const TRIES_MAX = 8;
const RETRY: BackoffPolicy = { firstMs: 50, maxMs: 2_000, jitter: 0.5 };

/** Runs `work` again while it fails, a bounded number of times, as the packaged agent's supervisor would. */
async function persist<T>(work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt === TRIES_MAX) throw error;
      await systemClock.sleep(backoffMs(RETRY, attempt, systemRandom));
    }
  }
}
