// Many simulated hosts at one controller, a rollout of hardware offload over all of them beside Ansible, and a rollout
// that is halted: `./dev bench fleet [--hosts 1000] [--scale 250,1000,4000] [--json]`.
import { ensureNatsServer } from "@switchyard/dev/setup";
import { describeMachine, type Figure, printReport, rounded } from "../report.ts";
import { ANSIBLE_HOSTS, FORKS, findObstacle, measureAnsible } from "./ansible.ts";
import { type BenchFleet, type RolledOut, startBenchFleet } from "./fleet.ts";

const HOSTS_DEFAULT = 1_000;
const HOSTS_MAX = 9_999;
const READY_AIM_S = 180;
const ANSIBLE_AIM = 200;
const HALT_AIM_MS = 1_000;
/** So that hosts wait for their turn when the bad one fails. */
const HALTED_AT_ONCE_PERCENT = 10;
const MIB = 1024 ** 2;
const EXIT_USAGE = 2;

const say = (line: string) => process.stderr.write(`bench fleet: ${line}\n`);

function readCounts(flag: string): readonly number[] {
  const at = process.argv.indexOf(flag);
  const counts = at === -1 ? [] : (process.argv[at + 1] ?? "").split(",").map(Number);
  if (counts.every((count) => Number.isInteger(count) && count >= 1 && count <= HOSTS_MAX)) {
    return counts;
  }
  say(`${flag} takes numbers of hosts, 1 to ${HOSTS_MAX}`);
  process.exit(EXIT_USAGE);
}

const hostsPerSecond = (hosts: number, { rollout, tookMs }: RolledOut): number => {
  const changed = rollout.counts?.updated ?? 0;
  if (changed !== hosts) throw new Error(`${changed} of ${hosts} hosts: ${rollout.stateReason}`);
  return (hosts * 1000) / tookMs;
};

async function readSize(fleet: BenchFleet, hosts: number): Promise<readonly Figure[]> {
  const { controllerBytes, perAgentBytes } = await fleet.memory();
  const figure = (what: string, value: number, unit: string): Figure => ({
    name: `${hosts} hosts: ${what}`,
    value: rounded(value),
    unit,
  });
  return [
    figure("from zero to all ready", fleet.readyMs / 1000, "s"),
    figure("memory of the controller", controllerBytes / MIB, "MiB"),
    figure("memory of a simulated host with its agent", perAgentBytes / MIB, "MiB"),
  ];
}

/** A fleet that is started, counted and taken down again. */
async function measureScale(hosts: number): Promise<readonly Figure[]> {
  say(`${hosts} simulated hosts`);
  const fleet = await startBenchFleet(hosts);
  return readSize(fleet, hosts).finally(() => fleet.stop());
}

async function measureHalt(fleet: BenchFleet, hosts: number): Promise<readonly Figure[]> {
  await fleet.spoil(Math.ceil(hosts / 2));
  await fleet.rollOut("halted", {
    hwOffload: false,
    strategy: { maxUnavailablePercent: HALTED_AT_ONCE_PERCENT },
  });
  const { latencyMs, begunHosts } = await fleet.halted("halted");
  return [
    {
      name: "halt after the first failed job",
      value: rounded(latencyMs),
      unit: "ms",
      aim: `<= ${HALT_AIM_MS} ms`,
      ok: latencyMs <= HALT_AIM_MS,
    },
    { name: "hosts begun after the first failed job", value: begunHosts, unit: "hosts" },
  ];
}

async function measureFleet(hosts: number): Promise<readonly Figure[]> {
  say(`${hosts} simulated hosts, from nothing`);
  const fleet = await startBenchFleet(hosts);
  try {
    const [, ...memory] = await readSize(fleet, hosts);
    say("rollout of the profile to bare hosts");
    const first = hostsPerSecond(hosts, await fleet.rollOut("first", {}));
    say("rollout of hardware offload");
    const ours = hostsPerSecond(hosts, await fleet.rollOut("offload", { hwOffload: true }));
    say("rollout that is halted");
    const halt = await measureHalt(fleet, hosts);
    const readyS = rounded(fleet.readyMs / 1000);
    return [
      {
        name: "from zero to all ready",
        value: readyS,
        unit: "s",
        aim: `<= ${READY_AIM_S} s`,
        ok: readyS <= READY_AIM_S,
      },
      { name: "rollout of a profile to bare hosts", value: rounded(first), unit: "hosts/s" },
      await compareWithAnsible(ours),
      ...halt,
      ...memory,
    ];
  } finally {
    await fleet.stop();
  }
}

async function compareWithAnsible(ours: number): Promise<Figure> {
  const figure = { name: "rollout of hw-offload", value: rounded(ours), unit: "hosts/s" };
  const obstacle = await findObstacle(say);
  if (obstacle !== undefined) {
    say(`no Ansible to compare with: ${obstacle}`);
    return { ...figure, aim: `ratio >= ${ANSIBLE_AIM}, not compared (${obstacle}):`, ok: false };
  }
  say(`Ansible, two tasks, ${ANSIBLE_HOSTS} local hosts, ${FORKS} forks`);
  const theirs = await measureAnsible();
  const ratio = rounded(ours / theirs);
  return {
    ...figure,
    peer: `ansible-playbook (${rounded(theirs)} hosts/s)`,
    ratio,
    aim: `ratio >= ${ANSIBLE_AIM}`,
    ok: ratio >= ANSIBLE_AIM,
  };
}

const [hosts = HOSTS_DEFAULT] = readCounts("--hosts");
const sizes = readCounts("--scale");
await ensureNatsServer(say);
const figures: Figure[] = sizes.length === 0 ? [...(await measureFleet(hosts))] : [];
for (const size of sizes) figures.push(...(await measureScale(size)));
printReport(
  { bench: "fleet", machine: describeMachine(), figures },
  process.argv.includes("--json"),
);
process.exit(0);
