import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { AGENT_VERSION, createGrpcEnrollCall, enroll } from "@switchyard/agent";
import { createSimHostServer, type SimHost } from "@switchyard/hostsim";
import { parseHostId } from "@switchyard/model";
import { systemClock } from "@switchyard/runtime";
import type { ControllerProcess } from "./controllers.ts";
import type { Programs } from "./programs.ts";
import { type Supervised, supervise } from "./supervisor.ts";
import { clearTrap, setTrap, trappedAt } from "./trap.ts";

/** A simulated host whose agent is a process of its own. */
export interface AgentProcess extends Supervised {
  /** `hosts/{host}`. */
  readonly host: string;
  readonly sim: SimHost;
  readonly ledgerFolder: string;
  /** Ends the process at the n-th boundary of the next job that it accepts, 1 being the acceptance. */
  setTrap(boundary: number): void;
  /** Takes the trap away. @returns whether it was still set: no boundary of the job has that number */
  clearTrap(): boolean;
  /** The boundary at which the process was last trapped. */
  trappedAt(): string | undefined;
  /** Told of every call of the agent to its host, before the machine is touched, and of every start. */
  watch(watcher: AgentWatcher | undefined): void;
  /** Stops the process and the host's server. */
  close(): Promise<void>;
}

export interface AgentWatcher {
  readonly onCall: () => void;
  readonly onStart: () => void;
}

export interface AgentOptions {
  readonly sim: SimHost;
  readonly controller: ControllerProcess;
  readonly programs: Programs;
  /** Of the cluster; the agent has one of its own below. */
  readonly folder: string;
}

const enrollCall = createGrpcEnrollCall({ isInsecure: true, nowMs: () => systemClock.nowMs() });

/** Enrols the host under its own name as label `name`, and starts its agent. */
export async function startAgentProcess(options: AgentOptions): Promise<AgentProcess> {
  const { sim, programs } = options;
  const folder = join(options.folder, "agents", sim.name);
  await mkdir(folder, { recursive: true });
  await enrolHost(options, folder);
  let watcher: AgentWatcher | undefined;
  const socketPath = join(folder, "host.sock");
  const server = await createSimHostServer({
    host: sim,
    socketPath,
    onCall: () => watcher?.onCall(),
  });
  const program = supervise({
    program: programs.agent,
    environment: {
      CHAOS_SOCKET: socketPath,
      CHAOS_FOLDER: folder,
      NODE_COMPILE_CACHE: programs.cacheFolder,
    },
    logFile: join(folder, "log"),
    onStart: () => watcher?.onStart(),
  });
  program.start();
  return Object.assign(program, {
    host: `hosts/${sim.name}`,
    sim,
    ledgerFolder: join(folder, "ledger"),
    setTrap: (boundary: number) => setTrap(folder, boundary),
    clearTrap: () => clearTrap(folder),
    trappedAt: () => trappedAt(folder),
    watch: (told: AgentWatcher | undefined) => {
      watcher = told;
    },
    close: async () => {
      await program.stop();
      await server.stop();
    },
  });
}

async function enrolHost(options: AgentOptions, folder: string): Promise<void> {
  const { sim, controller } = options;
  const { token } = await controller.client.enrollment.createEnrollmentToken({
    host: `hosts/${sim.name}`,
    labels: { role: "vm-host", name: sim.name },
  });
  await enroll({
    folder,
    host: parseHostId(sim.name),
    token,
    agentVersion: AGENT_VERSION,
    call: enrollCall(controller.address, undefined),
  });
}
