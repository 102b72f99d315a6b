const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;

export type RollupName = "1m" | "15m" | "6h";
export type LevelName = "raw" | RollupName;

/** A table of samples or of windows of them. */
export interface Level {
  readonly name: LevelName;
  readonly table: string;
  /** Length of a window; undefined: samples as they came. */
  readonly windowMs: number | undefined;
  /** Time that one partition covers. */
  readonly partitionMs: number;
}

export interface RollupLevel extends Level {
  readonly name: RollupName;
  readonly windowMs: number;
}

export const RAW: Level = {
  name: "raw",
  table: "telemetry_raw",
  windowMs: undefined,
  partitionMs: HOUR_MS,
};

/** Finest first; each but the first is made from the one before it. */
export const ROLLUPS: readonly [RollupLevel, RollupLevel, RollupLevel] = [
  { name: "1m", table: "telemetry_1m", windowMs: MINUTE_MS, partitionMs: DAY_MS },
  { name: "15m", table: "telemetry_15m", windowMs: 15 * MINUTE_MS, partitionMs: 7 * DAY_MS },
  { name: "6h", table: "telemetry_6h", windowMs: 6 * HOUR_MS, partitionMs: 28 * DAY_MS },
];

/** Finest first. */
export const LEVELS: readonly Level[] = [RAW, ...ROLLUPS];

/** How long each level is kept, milliseconds. */
export type Retention = Readonly<Record<LevelName, number>>;

export const RETENTION_DEFAULT: Retention = {
  raw: DAY_MS,
  "1m": 14 * DAY_MS,
  "15m": 90 * DAY_MS,
  "6h": 730 * DAY_MS,
};

/** A sample whose predecessor is older than this begins anew: what happened between is not known. */
export const STALE_MS = 5 * MINUTE_MS;
