import {
  assert,
  type HostId,
  type HostKind,
  type ImageId,
  type ImageSpec,
  type MacAddress,
  type NetworkId,
  type NetworkSpec,
  type VmSpec,
} from "@switchyard/model";
import type pg from "pg";
import { etagOf } from "../connection/etag.ts";
import type { Statement } from "../connection/exchange.ts";
import type { JobHost } from "../jobs/insert-planned-jobs.ts";
import type { PlannedVm } from "./placement-store.ts";

export interface LockedHost extends JobHost {
  readonly etag: string;
  readonly isBusy: boolean;
  readonly vcpuCount: number;
  /** By {@link memoryKind}. */
  readonly memoryBytes: Readonly<Record<string, number>>;
}

/** Ordinary memory and huge pages of each size are counted apart. */
export const memoryKind = ({ hugepageBytes = 0 }: Pick<VmSpec, "hugepageBytes">): string =>
  String(hugepageBytes);

export interface LockedNetwork {
  readonly etag: string;
  readonly spec: NetworkSpec;
}

/** Everything a transaction has to know before it takes, read once nobody else can change it. */
export interface Look {
  readonly hosts: ReadonlyMap<HostId, LockedHost>;
  readonly networks: ReadonlyMap<NetworkId, LockedNetwork>;
  readonly images: ReadonlyMap<ImageId, ImageSpec>;
  /** By {@link copyKey}: images that are on hosts. */
  readonly cached: ReadonlySet<string>;
  /** By {@link slotKey}; those that are not reserved are left out. */
  readonly slots: ReadonlyMap<string, { readonly mac: MacAddress; readonly isTaken: boolean }>;
  /** Names of those VMs that exist. */
  readonly names: ReadonlySet<string>;
  /** Two for each VM: its own, and its job's. */
  readonly revisions: readonly number[];
  /** The transaction's, in whole milliseconds. */
  readonly nowMs: number;
}

export const slotKey = (slot: {
  readonly host: string;
  readonly pf: string;
  readonly vfIndex: number;
}): string => `${slot.host} ${slot.pf} ${slot.vfIndex}`;

export const copyKey = (image: ImageId, host: HostId): string => `${image} ${host}`;

/** In the order of their names, so that two transactions never wait for each other in a circle. */
const LOCK_HOSTS = {
  name: "placement_hosts",
  text: `SELECT name, kind, host_epoch, revision FROM hosts WHERE name = ANY($1::text[]) ORDER BY name FOR NO KEY UPDATE`,
};
/** As `lockBridge` does: hosts and VMs see each other's choice of addresses. */
const LOCK_BRIDGES = {
  name: "placement_bridges",
  text: `SELECT pg_advisory_xact_lock(key) FROM (
    SELECT hashtextextended('bridge ' || bridge, 0) AS key FROM unnest($1::text[]) AS bridge
    ORDER BY bridge) AS keys`,
};
const LOCK_NETWORKS = {
  name: "placement_networks",
  text: `SELECT name, revision, spec FROM networks WHERE name = ANY($1::text[]) ORDER BY name FOR KEY SHARE`,
};
const LOCK_IMAGES = {
  name: "placement_images",
  text: `SELECT name, spec FROM images WHERE name = ANY($1::text[]) ORDER BY name FOR KEY SHARE`,
};
const READ_COPIES = {
  name: "placement_copies",
  text: `SELECT image, host FROM image_copies
    WHERE image = ANY($1::text[]) AND host = ANY($2::text[]) AND state = 'cached'`,
};
const READ_SLOTS = {
  name: "placement_slots",
  text: `SELECT s.host, s.pf, s.vf_index, s.mac, n.vm IS NOT NULL AS is_taken
    FROM unnest($1::text[], $2::text[], $3::integer[]) AS wanted(host, pf, vf_index)
    JOIN slots s USING (host, pf, vf_index)
    LEFT JOIN allocation_nics n USING (host, pf, vf_index)`,
};
const READ_USE = {
  name: "placement_use",
  text: `SELECT h.host, coalesce(sum(a.vcpu_count), 0)::float8 AS vcpus,
      (SELECT json_object_agg(kind, bytes) FROM (
        SELECT coalesce(hugepage_bytes, 0) AS kind, sum(memory_bytes) AS bytes
        FROM allocations WHERE host = h.host GROUP BY kind) AS kinds) AS memory,
      EXISTS (SELECT FROM jobs j WHERE j.exclusive_host = h.host) AS is_busy
    FROM unnest($1::text[]) AS h(host) LEFT JOIN allocations a ON a.host = h.host GROUP BY h.host`,
};
/** A name is also taken while a move has left something of it on a host. */
const READ_NAMES = {
  name: "placement_names",
  text: `SELECT name FROM vms WHERE name = ANY($1::text[])
    UNION SELECT vm FROM moves WHERE vm = ANY($1::text[]) AND ended_at IS NULL`,
};

/** Revisions for the records that will be written, and the transaction's time, which their rows have. */
const DRAW_REVISIONS = {
  name: "placement_revisions",
  text: `SELECT nextval('revisions') AS revision, now() AS now FROM generate_series(1, $1::integer)`,
};

const unique = (texts: readonly string[]): readonly string[] => [...new Set(texts)].sort();

type Row = Readonly<Record<string, unknown>>;

function timeOf(value: unknown): number {
  assert(value instanceof Date, "a time is read with the revisions");
  return value.getTime();
}

/**
 * Locks what the VMs are to be placed on, then looks at it, all in one round trip. Statements that follow a lock see
 * everything that was committed while it was waited for (READ COMMITTED).
 */
export function lockStatements(planned: readonly PlannedVm[]): readonly Statement[] {
  const hosts = unique(planned.map(({ host }) => host));
  const bridges = unique(planned.flatMap((vm) => vm.bridges));
  const networks = unique(planned.flatMap(({ spec }) => spec.nics.map(({ network }) => network)));
  const images = unique(
    planned.flatMap(({ spec: { boot } }) => (boot.kind === "image" ? [boot.image] : [])),
  );
  const nics = planned.flatMap(({ host, nics: each }) => each.map((nic) => ({ ...nic, host })));
  const slots = [
    nics.map(({ host }) => host),
    nics.map(({ pf }) => pf),
    nics.map(({ vfIndex }) => vfIndex),
  ];
  return [
    { ...LOCK_HOSTS, values: [hosts] },
    { ...LOCK_BRIDGES, values: [bridges] },
    { ...LOCK_NETWORKS, values: [networks] },
    { ...LOCK_IMAGES, values: [images] },
    { ...READ_COPIES, values: [images, hosts] },
    { ...READ_SLOTS, values: slots },
    { ...READ_USE, values: [hosts] },
    { ...READ_NAMES, values: [planned.map(({ id }) => id)] },
    { ...DRAW_REVISIONS, values: [2 * planned.length] },
  ];
}

/** What the statements found, given in their order. */
export function readLook(results: readonly pg.QueryResult[]): Look {
  const [
    locked = [],
    ,
    networkRows = [],
    imageRows = [],
    copyRows = [],
    slotRows = [],
    useRows = [],
    nameRows = [],
    drawn = [],
  ] = results.map(({ rows }) => rows as readonly Row[]);
  const use = new Map(useRows.map((row) => [row["host"] as string, row]));
  return {
    hosts: new Map(
      locked.map((row) => {
        const used = use.get(row["name"] as string);
        return [
          row["name"] as HostId,
          {
            kind: (row["kind"] as HostKind | null) ?? undefined,
            epoch: row["host_epoch"] as number,
            etag: etagOf(row["revision"] as number),
            isBusy: used?.["is_busy"] === true,
            vcpuCount: (used?.["vcpus"] as number | undefined) ?? 0,
            memoryBytes: (used?.["memory"] as Record<string, number> | null | undefined) ?? {},
          },
        ];
      }),
    ),
    networks: new Map(
      networkRows.map((row) => [
        row["name"] as NetworkId,
        { etag: etagOf(row["revision"] as number), spec: row["spec"] as NetworkSpec },
      ]),
    ),
    images: new Map(
      imageRows.map((row) => [row["name"] as ImageId, row["spec"] as ImageSpec] as const),
    ),
    cached: new Set(copyRows.map((row) => copyKey(row["image"] as ImageId, row["host"] as HostId))),
    slots: new Map(
      slotRows.map((row) => [
        slotKey({
          host: row["host"] as string,
          pf: row["pf"] as string,
          vfIndex: row["vf_index"] as number,
        }),
        { mac: row["mac"] as MacAddress, isTaken: row["is_taken"] === true },
      ]),
    ),
    names: new Set(nameRows.map((row) => row["name"] as string)),
    revisions: drawn.map((row) => row["revision"] as number),
    nowMs: timeOf(drawn[0]?.["now"]),
  };
}
