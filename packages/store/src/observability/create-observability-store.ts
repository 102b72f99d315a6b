import type { HostId } from "@switchyard/model";
import type pg from "pg";
import type { Guard } from "../connection/guard.ts";
import type { HostState } from "../hosts/host-record.ts";
import type {
  FleetStatus,
  HostStatus,
  ObservabilityStore,
  WorkMark,
} from "./observability-store.ts";

const READ_HOSTS = {
  name: "observe_hosts",
  text: `SELECT h.name AS host, h.state, h.cordon IS NOT NULL AS is_cordoned, h.fence IS NOT NULL AS is_fenced,
      coalesce(h.kind, '') AS kind, h.agent_version,
      coalesce(h.inventory #>> '{machine,model}', '') AS model,
      coalesce(h.inventory #>> '{nics,0,firmware,running}', '') AS firmware,
      coalesce(h.inventory #>> '{nics,0,driver}', '') AS driver,
      coalesce(h.inventory #>> '{os,kernelRelease}', '') AS kernel,
      coalesce(h.inventory #>> '{ovs,version}', '') AS ovs,
      extract(epoch FROM p.last_seen_at)::float8 * 1000 AS last_seen_ms,
      (SELECT coalesce(json_object_agg(d.kind, d.count), '{}') FROM (
        SELECT substring(each ->> 'field' FROM '^[a-zA-Z_]+') AS kind, count(*) AS count
        FROM jsonb_array_elements(h.drift) each GROUP BY 1) d WHERE d.kind IS NOT NULL) AS drift
    FROM hosts h LEFT JOIN host_presence p ON p.host = h.name ORDER BY h.name`,
};
const READ_COUNTS = {
  name: "observe_counts",
  text: `SELECT 'jobs' AS noun, state, count(*)::float8 AS count
      FROM (SELECT state FROM jobs ORDER BY id DESC LIMIT $1) newest
      WHERE state IN ('pending', 'accepted', 'running') GROUP BY state
    UNION ALL SELECT 'vms', state, count(*) FROM vms GROUP BY state
    UNION ALL SELECT 'rollouts', state, count(*) FROM rollouts GROUP BY state
    UNION ALL SELECT 'experiments', state, count(*) FROM experiments GROUP BY state
    UNION ALL SELECT 'outbox', 'waiting', count(*) FROM outbox
    UNION ALL SELECT 'outbox', 'age',
      coalesce(extract(epoch FROM now() - min(j.created_at)) * 1000, 0)
      FROM outbox o JOIN jobs j ON j.id = o.job`,
};

/** An index of live jobs would cost every job more than this scan costs now and then. */
const NEWEST_JOBS_MAX = 50_000;

const READ_MARKS = {
  name: "observe_marks",
  text: `(SELECT 'rollout' AS noun, name, state, created_at, ended_at FROM rollouts
      ORDER BY created_at DESC LIMIT $1)
    UNION ALL (SELECT 'experiment', name, state, created_at, ended_at FROM experiments
      ORDER BY created_at DESC LIMIT $1)`,
};
/** More marks would hide a graph, and each is a series. */
const MARKS_MAX = 20;

interface MarkRow {
  readonly noun: WorkMark["noun"];
  readonly name: string;
  readonly state: string;
  readonly created_at: Date;
  readonly ended_at: Date | null;
}

interface HostStatusRow {
  readonly host: HostId;
  readonly state: HostState;
  readonly is_cordoned: boolean;
  readonly is_fenced: boolean;
  readonly kind: string;
  readonly agent_version: string;
  readonly model: string;
  readonly firmware: string;
  readonly driver: string;
  readonly kernel: string;
  readonly ovs: string;
  readonly last_seen_ms: number | null;
  readonly drift: Readonly<Record<string, number>>;
}

interface CountRow {
  readonly noun: "jobs" | "vms" | "rollouts" | "experiments" | "outbox";
  readonly state: string;
  readonly count: number;
}

const toHostStatus = (row: HostStatusRow): HostStatus => {
  const { host, state, kind, model, firmware, driver, kernel, ovs, drift } = row;
  return {
    ...{ host, state, kind, model, firmware, driver, kernel, ovs, drift },
    isCordoned: row.is_cordoned,
    isFenced: row.is_fenced,
    agentVersion: row.agent_version,
    lastSeenAtMs: row.last_seen_ms ?? undefined,
  };
};

async function readFleet(pool: pg.Pool): Promise<FleetStatus> {
  const [hosts, counts, marks] = await Promise.all([
    pool.query<HostStatusRow>(READ_HOSTS),
    pool.query<CountRow>({ ...READ_COUNTS, values: [NEWEST_JOBS_MAX] }),
    pool.query<MarkRow>({ ...READ_MARKS, values: [MARKS_MAX] }),
  ]);
  const of = (noun: CountRow["noun"]): Readonly<Record<string, number>> =>
    Object.fromEntries(
      counts.rows.filter((row) => row.noun === noun).map((row) => [row.state, row.count]),
    );
  const { waiting = 0, age = 0 } = of("outbox");
  return {
    hosts: hosts.rows.map(toHostStatus),
    // States of these tables' own columns.
    liveJobs: of("jobs"),
    vms: of("vms"),
    rollouts: of("rollouts"),
    experiments: of("experiments"),
    marks: marks.rows.map((row) => ({
      noun: row.noun,
      name: row.name,
      state: row.state,
      startedAtMs: row.created_at.getTime(),
      endedAtMs: row.ended_at?.getTime(),
    })),
    outboxCount: waiting,
    outboxAgeMs: age,
  };
}

export function createObservabilityStore(options: {
  readonly pools: Readonly<Record<string, pg.Pool>>;
  /** Whose connections the reads use. */
  readonly pool: pg.Pool;
  readonly guard: Guard;
}): ObservabilityStore {
  const { pools, pool, guard } = options;
  return {
    readFleet: () => guard(() => readFleet(pool)),
    pools: () =>
      Object.entries(pools).map(([name, each]) => ({
        pool: name,
        connectionCount: each.totalCount,
        idleCount: each.idleCount,
        waitingCount: each.waitingCount,
      })),
  };
}
