import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { type AgentBus, createAgentBus, type HostKey } from "@switchyard/bus";
import type { Host } from "@switchyard/host";
import { DispatchError } from "@switchyard/model";
import {
  createLogger,
  type Environment,
  followLogLevel,
  type Logger,
  notifyReady,
  systemClock,
  systemRandom,
} from "@switchyard/runtime";
import { createAgent } from "../agent.ts";
import { type EnrollCall, enroll } from "../enrolment/enroll.ts";
import { findIdentity, type Identity, loadOrCreateHostKey } from "../enrolment/identity.ts";
import { createFileStorage } from "../ledger/file-storage.ts";
import { startObservability } from "../observability/start-observability.ts";
import { AGENT_VERSION } from "../version.ts";
import { type AgentConfig, loadConfig } from "./config.ts";
import { createCrashAt } from "./crash-at.ts";
import { takeDataFolder } from "./data-folder-lock.ts";
import { createPatientBus, type PatientBus } from "./patient-bus.ts";
import { findPeerAddresses } from "./peer-addresses.ts";
import { exitOnBug, signalled } from "./process.ts";
import { openLinuxHost, restoreHost } from "./restore-host.ts";
import { createSelfReader } from "./self-readings.ts";

/** Makes the call that enrols, once the controller's address is known. */
export type EnrollCallFactory = (
  controllerAddress: string,
  caFile: string | undefined,
) => EnrollCall;

/** Opens the machine that the agent changes. */
export type OpenHost = (config: AgentConfig, log: Logger) => Host | Promise<Host>;

/**
 * The agent's process: enrols if it has to, then runs until SIGTERM or SIGINT. Returns the exit status: 0
 * after a signal, 1 when it can't go on. Whoever started it starts it again; that is always safe.
 */
export async function runAgentProcess(options: {
  readonly environment: Environment;
  readonly enrollCall: EnrollCallFactory | undefined;
  /** This machine unless told; a simulated one for agents of simulated hosts. */
  readonly openHost?: OpenHost;
}): Promise<number> {
  const config = await loadConfig(options.environment);
  const lines = createLogger({ name: "switchyard-agent", level: config.logLevel });
  const log = lines.child({ host: config.host });
  const levels = followLogLevel(lines, async () => {
    const { logLevel } = await loadConfig(options.environment);
    return logLevel;
  });
  exitOnBug(log);
  const stopped = signalled();
  try {
    // Held until the process ends.
    if ((await takeDataFolder(config, { log, signal: stopped })) === undefined) return 0;
    // Before anyone is asked for anything: controller and bus may be away, the VMs of this host are not.
    const host = await (options.openHost ?? openLinuxHost)(config, log);
    await restoreHost(host, config, { log, stopping: stopped }).catch((error: unknown) =>
      log.error({ err: error }, "the host could not be restored"),
    );
    const identity = await identify(config, options.enrollCall, log);
    const key = await loadOrCreateHostKey(config.dataFolder);
    const bus = await openBus(config, { identity, key }, log);
    const crashAt = options.environment["SY_CRASH_AT"];
    const { environment } = options;
    return await serve(config, { host, bus, key }, { log, stopped, crashAt, environment });
  } catch (error) {
    log.error({ err: error }, "the agent can't go on");
    return 1;
  } finally {
    await levels.stop();
  }
}

async function identify(
  config: AgentConfig,
  enrollCall: EnrollCallFactory | undefined,
  log: Logger,
): Promise<Identity> {
  const known = await findIdentity(config.dataFolder);
  if (known?.host === config.host) return known;
  const token = await readToken(config);
  const { controllerAddress, dataFolder, host } = config;
  if (token === undefined || controllerAddress === undefined || enrollCall === undefined) {
    throw new DispatchError("TOKEN_INVALID", `${host} is not enrolled`, {
      needs: "enrollment_token_file and controller_address",
      try: `swy host enroll ${host}`,
    });
  }
  log.info({ controllerAddress }, "enrolling");
  const call = enrollCall(controllerAddress, config.caFile);
  return await enroll({ folder: dataFolder, host, token, agentVersion: AGENT_VERSION, call });
}

async function readToken(config: AgentConfig): Promise<string | undefined> {
  const path = config.enrollmentTokenFile;
  return path === undefined ? undefined : (await readFile(path, "utf8")).trim();
}

async function openBus(
  config: AgentConfig,
  { identity, key }: { readonly identity: Identity; readonly key: HostKey },
  log: Logger,
): Promise<PatientBus> {
  const { host, hostEpoch, controllers } = identity;
  const seams = { clock: systemClock, random: systemRandom, log };
  return createPatientBus({
    ...{ host, hostEpoch },
    ...seams,
    open: () =>
      createAgentBus({
        servers: config.natsServers ?? identity.natsServers,
        ...{ host, hostEpoch, key, controllers },
        ...(config.caFile !== undefined && {
          tls: { caFile: config.caFile, certFile: undefined, keyFile: undefined },
        }),
        ...seams,
      }),
  });
}

async function serve(
  config: AgentConfig,
  { host, bus, key }: { readonly host: Host; readonly bus: AgentBus; readonly key: HostKey },
  parts: {
    readonly log: Logger;
    readonly stopped: AbortSignal;
    readonly crashAt: string | undefined;
    readonly environment: Environment;
  },
): Promise<number> {
  const { log, stopped } = parts;
  const clock = systemClock;
  const observability = await startObservability(config, parts);
  const agent = createAgent({
    ...{ host, bus, key, clock, log },
    storage: createFileStorage(join(config.dataFolder, "ledger")),
    telemetryStorage: createFileStorage(join(config.dataFolder, "telemetry")),
    random: systemRandom,
    agentVersion: AGENT_VERSION,
    intervals: config.intervals,
    deadManMs: config.deadManMs,
    peerAddresses: await findPeerAddresses(config, clock),
    ...(config.bmc !== undefined && { bmc: config.bmc }),
    readSelf: createSelfReader(),
    metrics: observability.metrics,
    tracer: observability.tracer,
    crash: createCrashAt(parts.crashAt, { clock, log }),
  });
  try {
    await agent.start();
    await notifyReady(parts.environment, log);
    log.info({ agentVersion: AGENT_VERSION }, "the agent runs");
    const why = await Promise.race([
      aborted(stopped).then(() => "signal" as const),
      bus.ended.then((end) => end.kind),
      agent.ended.then(() => "closed" as const),
    ]);
    log.info({ why }, "the agent stops");
    return why === "signal" ? 0 : 1;
  } finally {
    await agent.stop();
    await bus.close();
    await observability.stop();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
