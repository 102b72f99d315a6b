import { flushCompileCache } from "node:module";
import { join } from "node:path";
import {
  AGENT_VERSION,
  createAgent,
  createFileStorage,
  createPatientBus,
  findIdentity,
  loadOrCreateHostKey,
} from "@switchyard/agent";
import { createAgentBus } from "@switchyard/bus";
import { connectSimHost } from "@switchyard/hostsim";
import { createLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { crashInTrap } from "./trap.ts";

/*
 * The agent in a process of its own, on a simulated host that lives in the test's process. It is enrolled
 * already. Whatever it can't handle ends it; its supervisor starts it again.
 */

const INTERVALS = { heartbeatMs: 1_000, inventoryMs: 3_000, telemetryMs: 10_000 };

const { CHAOS_SOCKET = "", CHAOS_FOLDER = "" } = process.env;

const host = await connectSimHost({ socketPath: CHAOS_SOCKET });
const identity = await findIdentity(CHAOS_FOLDER);
if (identity === undefined) throw new Error(`${CHAOS_FOLDER} holds no identity`);
const log = createLogger({ name: "agent", level: "warn" }).child({ host: identity.host });
const { hostEpoch, controllers, natsServers: servers } = identity;
const key = await loadOrCreateHostKey(CHAOS_FOLDER);
const seams = { clock: systemClock, random: systemRandom, log };
const bus = createPatientBus({
  ...{ host: identity.host, hostEpoch },
  ...seams,
  open: () =>
    createAgentBus({ ...{ servers, host: identity.host, hostEpoch, key, controllers }, ...seams }),
});
const agent = createAgent({
  ...{ host, bus, key, log },
  storage: createFileStorage(join(CHAOS_FOLDER, "ledger")),
  clock: systemClock,
  random: systemRandom,
  agentVersion: AGENT_VERSION,
  intervals: INTERVALS,
  crash: crashInTrap(CHAOS_FOLDER),
});
await agent.start();
// Written at the end of a process otherwise, which a process that is killed does not have.
flushCompileCache();
await Promise.race([agent.ended, bus.ended]);
process.exit(1);
