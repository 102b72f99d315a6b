import { CommandError, tasksetSet, tasksetShow } from "@switchyard/model";
import type { Host } from "../../port/host.ts";
import { runChecked } from "../tool.ts";
import { parseAffinity } from "./parse.ts";

/**
 * CPUs that a thread may run on, as the kernel lists them: `0-79`.
 *
 * @throws CommandError COMMAND_FAILED for a thread that is gone, COMMAND_OUTPUT_UNREADABLE
 */
export async function readThreadCpus(host: Host, thread: number): Promise<string> {
  const argv = tasksetShow(thread);
  const { stdout } = await runChecked(host, { argv });
  const cpus = parseAffinity(stdout);
  if (cpus !== undefined) return cpus;
  throw new CommandError("COMMAND_OUTPUT_UNREADABLE", "taskset printed no list of CPUs", {
    argv: argv.join(" "),
    found: stdout.slice(0, 200),
  });
}

/** May run twice. @throws CommandError COMMAND_FAILED: no such thread, or CPUs that are not there */
export async function setThreadCpus(host: Host, thread: number, cpus: string): Promise<void> {
  await runChecked(host, { argv: tasksetSet(thread, cpus) });
}
