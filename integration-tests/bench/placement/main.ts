// Placements committed per second through the API beside OpenStack Placement, how a race ends, and how long a VM takes
// to run on a simulated host: `./dev bench placement [--json]`.
import { ensureNatsServer } from "@switchyard/dev/setup";
import { describeMachine, type Figure, percentile, printReport, rounded } from "../report.ts";
import { fillOpenstack, measureOpenstack } from "./openstack.ts";
import { findObstacle, startOpenstack } from "./openstack-server.ts";
import { FLEET, type PlacementFigures } from "./shape.ts";
import { measureSimHost } from "./sim-host.ts";
import { measurePlacements, measureRace, startBenchPostgres } from "./switchyard.ts";

const CLIENTS = 8;
const WARM_UP = 400;
const PLACEMENTS = 4000;
const RACING_CLIENTS = 32;
const RACE_HOSTS = 40;
const RACE_EXCESS = 400;
/** The peer takes about a second for eight. */
const PEER_PLACEMENTS = 160;
/** Candidates that Nova asks for: scheduler.max_placement_results. */
const NOVA_LIMIT = 1000;
/** As few as a client could ask for without all choosing the same host. */
const SHORT_LIMIT = 10;

const RATIO_AIM = 20;
const P50_AIM_MS = 10;
const START_AIM_MS = 250;
const PEER = "OpenStack Placement";

const say = (line: string) => process.stderr.write(`bench placement: ${line}\n`);

const latencies = (name: string, { latenciesMs }: PlacementFigures): readonly Figure[] => [
  { name: `${name} p50`, value: rounded(percentile(latenciesMs, 0.5)), unit: "ms" },
  { name: `${name} p99`, value: rounded(percentile(latenciesMs, 0.99)), unit: "ms" },
];

/** The peer on a database of the same server; a text says why it could not be measured. */
async function measurePeer(
  postgres: Awaited<ReturnType<typeof startBenchPostgres>>,
): Promise<{ readonly nova: PlacementFigures; readonly short: PlacementFigures } | string> {
  const obstacle = await findObstacle(say);
  if (obstacle !== undefined) return obstacle;
  const server = await startOpenstack(await postgres.createDatabase("openstack"));
  try {
    say(`${PEER}: ${FLEET.hosts} resource providers`);
    await fillOpenstack(server.url, FLEET);
    const load = { placements: PEER_PLACEMENTS, clients: CLIENTS };
    const nova = await measureOpenstack(server.url, FLEET, { ...load, limit: NOVA_LIMIT });
    const short = await measureOpenstack(server.url, FLEET, { ...load, limit: SHORT_LIMIT });
    return { nova, short };
  } finally {
    await server.stop();
  }
}

function againstPeer(ours: PlacementFigures, peer: Awaited<ReturnType<typeof measurePeer>>) {
  const value = rounded(ours.perSecond);
  const name = `placements committed, ${CLIENTS} clients, ${FLEET.hosts} hosts x ${FLEET.slots} slots`;
  if (typeof peer === "string") {
    const missing = { name: `${name}; no peer: ${peer}`, value, unit: "/s" };
    return [missing] satisfies readonly Figure[];
  }
  const ratio = rounded(ours.perSecond / peer.nova.perSecond);
  const figures: readonly Figure[] = [
    {
      ...{ name, value, unit: "/s", peer: PEER, ratio },
      aim: `ratio >= ${RATIO_AIM}`,
      ok: ratio >= RATIO_AIM,
    },
    {
      name: `${PEER}, candidates as Nova asks for them`,
      value: rounded(peer.nova.perSecond),
      unit: "/s",
    },
    ...latencies(PEER, peer.nova),
    {
      name: `${PEER}, ${SHORT_LIMIT} candidates`,
      value: rounded(peer.short.perSecond),
      unit: "/s",
    },
  ];
  return figures;
}

await ensureNatsServer(say);
say("a simulated host under the real agent");
const simulated = await measureSimHost(FLEET);
const postgres = await startBenchPostgres();
try {
  say(`${PLACEMENTS} placements on ${FLEET.hosts} hosts`);
  const ours = await measurePlacements(postgres, simulated.inventory, {
    shape: FLEET,
    clients: CLIENTS,
    warmUp: WARM_UP,
    placements: PLACEMENTS,
  });
  say(`${RACING_CLIENTS} clients race for every slot of ${RACE_HOSTS} hosts at two controllers`);
  const race = await measureRace(postgres, simulated.inventory, {
    shape: { ...FLEET, hosts: RACE_HOSTS },
    clients: RACING_CLIENTS,
    excess: RACE_EXCESS,
  });
  const peer = await measurePeer(postgres);
  const p50 = rounded(percentile(ours.latenciesMs, 0.5));
  const startMs = rounded(percentile(simulated.startMs, 0.5));
  printReport(
    {
      bench: "placement",
      machine: describeMachine(),
      figures: [
        ...againstPeer(ours, peer),
        {
          name: "create call to its answer, p50",
          value: p50,
          unit: "ms",
          aim: `<= ${P50_AIM_MS} ms`,
          ok: p50 <= P50_AIM_MS,
        },
        {
          name: "create call to its answer, p99",
          value: rounded(percentile(ours.latenciesMs, 0.99)),
          unit: "ms",
        },
        {
          name: `oversold, ${RACING_CLIENTS} clients for ${race.slots} slots (${race.placed} placed, ${race.refused} refused)`,
          value: race.oversold,
          unit: "rows",
          aim: "0, and every slot taken",
          ok: race.oversold === 0 && race.placed === race.slots,
        },
        {
          name: "create call to running on a simulated host, p50",
          value: startMs,
          unit: "ms",
          aim: `<= ${START_AIM_MS} ms`,
          ok: startMs <= START_AIM_MS,
        },
      ],
    },
    process.argv.includes("--json"),
  );
} finally {
  await postgres.stop();
}
process.exit(0);
