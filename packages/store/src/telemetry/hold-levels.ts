import { StoreError } from "@switchyard/model";
import type pg from "pg";

/** Held until the commit: neither do windows close nor partitions go before what is inserted here can be seen. */
export const HOLD_LEVELS = {
  name: "hold_levels",
  text: `SELECT level, closing_at, partitions_from, partitions_to FROM telemetry_levels
    WHERE level IN ('raw', '1m') ORDER BY level FOR SHARE`,
};

/** Raw samples may be inserted from here to there; those before `closingMs` come after their window. */
export interface HeldLevels {
  readonly closingMs: number;
  readonly fromMs: number;
  readonly toMs: number;
}

interface LevelRow {
  readonly level: string;
  readonly closing_at: Date | null;
  readonly partitions_from: Date | null;
  readonly partitions_to: Date | null;
}

/** @throws StoreError DATABASE_UNAVAILABLE before the first partitions are made */
export function readHeld(result: pg.QueryResult | undefined): HeldLevels {
  const rows = (result?.rows ?? []) as readonly LevelRow[];
  const raw = rows.find(({ level }) => level === "raw");
  const closing = rows.find(({ level }) => level === "1m")?.closing_at;
  if (!raw?.partitions_from || !raw.partitions_to || !closing) {
    throw new StoreError("DATABASE_UNAVAILABLE", "telemetry has no partitions yet");
  }
  return {
    closingMs: closing.getTime(),
    fromMs: raw.partitions_from.getTime(),
    toMs: raw.partitions_to.getTime(),
  };
}
