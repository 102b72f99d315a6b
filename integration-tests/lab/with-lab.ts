import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bundleOnce } from "@switchyard/dev/bundle";
import { createMainJob, type MainJobTimeouts, type Report } from "@switchyard/dev/main-job";
import { ensureNatsServer } from "@switchyard/dev/setup";
import { startStack } from "@switchyard/dev/stack";
import { createLogger } from "@switchyard/runtime";
import { ensureLabArtefacts } from "./build/artefacts.ts";
import type { ImageSource, LabContext } from "./context.ts";
import { startImageServer } from "./image-server.ts";
import { OUTER_MACHINE } from "./lab-agent.ts";
import { type LabHostOptions, startLabHost } from "./lab-host.ts";
import { preparePayload } from "./payload.ts";
import { RELAY_PROGRAM } from "./relay-port.ts";
import { findUdpLinks, reverseLink } from "./udp-ports.ts";

const AGENT_PROGRAM = new URL("../../packages/agent/src/main.ts", import.meta.url).pathname;
const RELAY_SOURCE = new URL("host-relay.ts", import.meta.url).pathname;
const LOG_FILE = new URL("../../.run/lab.log", import.meta.url).pathname;

/**
 * Emulation inside emulation: a guest needs minutes where a server needs seconds, and everything several times
 * that on a machine that others keep busy. Nothing is measured by these.
 */
const LAB_TIMEOUTS: MainJobTimeouts = {
  hostReadyMs: 600_000,
  jobMs: 900_000,
  vmStartMs: 3_600_000,
};

/** Brings up a controller and a booted lab host, bare and without an agent, and takes both down again. */
export async function withLab(
  report: Report,
  options: Pick<LabHostOptions, "vfCount">,
  work: (context: LabContext) => Promise<void>,
): Promise<void> {
  report.part("Build what the lab boots, from Debian's packages (cached)");
  const artefacts = await ensureLabArtefacts(report.say);
  await ensureNatsServer(report.say);

  report.part("Bundle the agent into one file; start Postgres, NATS and a controller");
  const payloadDirectory = await mkdtemp(join(tmpdir(), "sy-lab-payload-"));
  await bundleOnce(AGENT_PROGRAM, join(payloadDirectory, "agent.mjs"));
  await bundleOnce(RELAY_SOURCE, join(payloadDirectory, RELAY_PROGRAM));
  await preparePayload(payloadDirectory, {});
  const stack = await startStack({
    hosts: 0,
    log: createLogger({ name: "switchyard-lab", file: LOG_FILE }),
  });
  report.say(`gRPC on ${stack.address}; log in .run/lab.log`);

  await using servers = new AsyncDisposableStack();
  const serve = async (file: string): Promise<ImageSource> => {
    const server = servers.use(await startImageServer(file));
    return {
      url: `http://${OUTER_MACHINE}:${server.port}${server.path}`,
      sha256: server.sha256,
    };
  };
  try {
    report.part("Boot the lab host");
    const [wire] = await findUdpLinks(1);
    if (wire === undefined) throw new RangeError("No ports for the wire.");
    const common = { artefacts, payloadDirectory, reachesOuterMachine: true, report: report.say };
    const labHost = await startLabHost({ ...common, ...options, uplinkLink: wire });
    try {
      report.say(
        `ready ${labHost.uptimeSeconds().toFixed(1)} s after power-on; files in ${labHost.paths.directory}`,
      );
      const job = createMainJob({ client: stack.client, report, timeouts: LAB_TIMEOUTS });
      await work({
        ...{ stack, labHost, report, job },
        host: `hosts/${labHost.topology.name}`,
        image: await serve(artefacts.guestImage),
        smallImage: await serve(artefacts.smallImage),
        startNeighbour: (its = {}) =>
          startLabHost({ ...common, ...options, ...its, index: 1, uplinkLink: reverseLink(wire) }),
      });
    } finally {
      await labHost.stop();
    }
  } finally {
    await stack.stop();
    await rm(payloadDirectory, { recursive: true, force: true });
  }
}
