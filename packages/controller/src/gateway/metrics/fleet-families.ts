import type { MetricFamily, MetricPoint } from "@switchyard/runtime";
import type { FleetStatus, HostState, HostStatus, WorkMark } from "@switchyard/store";

const HOST_STATES: readonly HostState[] = ["enrolled", "ready", "suspect", "lost"];

const gauge = (name: string, help: string, points: readonly MetricPoint[]): MetricFamily => ({
  ...{ name, help, points },
  kind: "gauge",
});

const flag = (isSet: boolean): number => (isSet ? 1 : 0);

const byState = (counts: Readonly<Record<string, number>>): readonly MetricPoint[] =>
  Object.entries(counts).map(([state, value]) => ({ labels: { state }, value }));

function hostFamilies(hosts: readonly HostStatus[]): readonly MetricFamily[] {
  const perHost = (read: (host: HostStatus) => number): readonly MetricPoint[] =>
    hosts.map((each) => ({ labels: { host: each.host }, value: read(each) }));
  const seen = hosts.filter(({ lastSeenAtMs }) => lastSeenAtMs !== undefined);
  return [
    gauge(
      "switchyard_host_info",
      "1 for each enrolled host, with what it is made of.",
      hosts.map(({ host, kind, model, firmware, driver, kernel, ovs, agentVersion }) => ({
        labels: { host, kind, model, firmware, driver, kernel, ovs, agent: agentVersion },
        value: 1,
      })),
    ),
    gauge(
      "switchyard_host_state",
      "1 for the state a host is in, 0 for the others.",
      hosts.flatMap(({ host, state }) =>
        HOST_STATES.map((each) => ({ labels: { host, state: each }, value: flag(each === state) })),
      ),
    ),
    gauge(
      "switchyard_host_cordoned",
      "1 while a host takes no new VMs.",
      perHost(({ isCordoned }) => flag(isCordoned)),
    ),
    gauge(
      "switchyard_host_fenced",
      "1 while a host is known to run nothing.",
      perHost(({ isFenced }) => flag(isFenced)),
    ),
    gauge(
      "switchyard_drift",
      "Fields in which a host differs from what was applied, by kind of field.",
      hosts.flatMap(({ host, drift }) =>
        Object.entries(drift).map(([kind, value]) => ({ labels: { host, kind }, value })),
      ),
    ),
    gauge(
      "switchyard_agent_last_seen_timestamp_seconds",
      "When a host's agent was last heard of, in seconds since the epoch.",
      seen.map(({ host, lastSeenAtMs = 0 }) => ({ labels: { host }, value: lastSeenAtMs / 1000 })),
    ),
  ];
}

/** When the newest rollouts and experiments began and ended: annotations of graphs. */
function markFamilies(marks: readonly WorkMark[]): readonly MetricFamily[] {
  const of = (noun: WorkMark["noun"]) => marks.filter((mark) => mark.noun === noun);
  const times = (noun: WorkMark["noun"], what: "start" | "end") =>
    gauge(
      `switchyard_${noun}_${what}_timestamp_seconds`,
      `When one of the newest 20 ${noun}s ${what === "start" ? "began" : "ended"}, in seconds since the epoch.`,
      of(noun).flatMap(({ name, state, startedAtMs, endedAtMs }) => {
        const atMs = what === "start" ? startedAtMs : endedAtMs;
        return atMs === undefined ? [] : [{ labels: { [noun]: name, state }, value: atMs / 1000 }];
      }),
    );
  return [
    times("rollout", "start"),
    times("rollout", "end"),
    times("experiment", "start"),
    times("experiment", "end"),
  ];
}

/** The state of the fleet as series; the same at every controller. */
export const fleetFamilies = (status: FleetStatus): readonly MetricFamily[] => [
  ...hostFamilies(status.hosts),
  gauge(
    "switchyard_jobs",
    "Jobs that have not ended, by state, among the newest 50,000.",
    byState({ pending: 0, accepted: 0, running: 0, ...status.liveJobs }),
  ),
  gauge(
    "switchyard_vms",
    "VMs by state.",
    byState({ running: 0, failed: 0, lost: 0, ...status.vms }),
  ),
  gauge(
    "switchyard_rollouts",
    "Rollouts by state.",
    byState({ running: 0, paused: 0, halted: 0, ...status.rollouts }),
  ),
  gauge(
    "switchyard_experiments",
    "Experiments by state.",
    byState({ measuring: 0, ...status.experiments }),
  ),
  ...markFamilies(status.marks),
  gauge("switchyard_outbox_jobs", "Jobs that their hosts have not accepted.", [
    { labels: {}, value: status.outboxCount },
  ]),
  gauge("switchyard_outbox_oldest_age_seconds", "Age of the oldest of them; 0 without any.", [
    { labels: {}, value: status.outboxAgeMs / 1000 },
  ]),
];
