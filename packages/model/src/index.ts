/*
 * The door of the package: what each folder offers is named in the index of that folder.
 */
export * from "./artefacts/index.ts";
export * from "./bmc/index.ts";
export * from "./commands/index.ts";
export * from "./desired/index.ts";
export * from "./diagnosis/index.ts";
export * from "./distribution/index.ts";
export * from "./errors/index.ts";
export * from "./experiments/index.ts";
export * from "./fleet/index.ts";
export * from "./ids/index.ts";
export * from "./inventory/index.ts";
export * from "./jobs/index.ts";
export * from "./kernel/index.ts";
export * from "./moves/index.ts";
export * from "./plan/index.ts";
export * from "./ports/index.ts";
export * from "./sessions/index.ts";
export * from "./snapshots/index.ts";
export * from "./telemetry/index.ts";
export * from "./values/index.ts";
