import { readNote } from "../../moves/migration-note.ts";
import type { Executor } from "../executor.ts";

/** Hands on what the step before wrote down. */
export const tellMigration: Executor<"tellMigration"> = {
  kind: "observe",
  observe: async ({ observer }, { vm }) => {
    const migration = await readNote(observer, vm);
    return migration === undefined ? {} : { migration };
  },
};
