import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { bundleOnce } from "./bundle-once.ts";

/** Every program that is installed: its source, and its file below /usr/lib/switchyard. */
const PROGRAMS = {
  controller: ["packages/controller/src/main.ts", "controller/controller.mjs"],
  agent: ["packages/agent/src/main.ts", "agent.mjs"],
  broker: ["packages/bus/src/broker/main.ts", "broker.mjs"],
  swy: ["packages/cli/src/main.ts", "swy.mjs"],
  "sim-machines": ["tools/dev/src/sim/machines-program.ts", "sim-machines.mjs"],
  "sim-agent": ["tools/dev/src/sim/agent-program.ts", "sim-agent.mjs"],
} as const satisfies Readonly<Record<string, readonly [source: string, target: string]>>;

export type ProgramName = keyof typeof PROGRAMS;

export const PROGRAM_NAMES = Object.keys(PROGRAMS) as readonly ProgramName[];

/** Bundles a program into a folder that stands for /usr/lib/switchyard. @returns the bundle's path */
export async function bundleProgram(
  root: string,
  name: ProgramName,
  folder: string,
): Promise<string> {
  const [source, target] = PROGRAMS[name];
  const path = join(folder, target);
  await mkdir(folder, { recursive: true });
  await bundleOnce(join(root, source), path);
  return path;
}
