import type { Argv, PlannedCommand } from "@switchyard/model";

export const run = (argv: Argv): PlannedCommand => ({ kind: "run", argv });

export const write = (path: string, text: string): PlannedCommand => ({
  kind: "write",
  path,
  text,
});
