import { spawn } from "node:child_process";
import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { bundleOnce } from "@switchyard/dev/bundle";
import { startStack } from "@switchyard/dev/stack";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";

/** The packaged agent as a process of its own on this machine, with default intervals. */
export interface IdleAgent {
  readonly rssBytes: number;
  /** CPU time over wall time, 1 is a whole core. */
  readonly cpuShare: number;
}

const AGENT_PROGRAM = new URL("../../../packages/agent/src/main.ts", import.meta.url).pathname;
const HOST = "idle";
const READY_MS = 30_000;
/** Several inventory and telemetry intervals. */
const WATCH_MS = 40_000;
/** @see getconf(1) CLK_TCK; 100 on every Linux of x86_64 */
const TICKS_PER_SECOND = 100;

/** What an agent costs a host on which nothing happens. It only reads: no NIC of ours is here. */
export async function measureIdleAgent(): Promise<IdleAgent> {
  const stack = await startStack({ hosts: 0, log: silentLogger });
  try {
    const program = join(stack.folder, "agent.mjs");
    await bundleOnce(AGENT_PROGRAM, program);
    const { token } = await stack.client.enrollment.createEnrollmentToken({
      host: `hosts/${HOST}`,
    });
    const tokenFile = join(stack.folder, "token");
    await writeFile(tokenFile, token);
    const child = spawn(process.execPath, [program], {
      stdio: "ignore",
      env: {
        PATH: process.env["PATH"],
        SY_HOST: HOST,
        SY_DATA_FOLDER: join(stack.folder, "idle-agent"),
        SY_CONTROLLER_ADDRESS: stack.address,
        SY_ENROLLMENT_TOKEN_FILE: tokenFile,
        SY_INSECURE_DEVELOPMENT: "1",
      },
    });
    try {
      await waitFor(
        async () =>
          (await stack.client.hosts.getHost({ name: `hosts/${HOST}` })).inventory !== undefined,
        { deadlineMs: READY_MS },
      );
      return await watchProcess(child.pid ?? 0);
    } finally {
      child.kill("SIGKILL");
    }
  } finally {
    await stack.stop();
  }
}

async function watchProcess(pid: number): Promise<IdleAgent> {
  const before = await cpuSeconds(pid);
  await systemClock.sleep(WATCH_MS);
  const cpuShare = ((await cpuSeconds(pid)) - before) / (WATCH_MS / 1000);
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  const kib = Number(/^VmRSS:\s+(\d+) kB/m.exec(status)?.[1]);
  return { rssBytes: kib * 1024, cpuShare };
}

/** User and system time, fields 14 and 15. @see proc(5) */
async function cpuSeconds(pid: number): Promise<number> {
  const text = await readFile(`/proc/${pid}/stat`, "utf8");
  const fields = text.slice(text.lastIndexOf(")") + 2).split(" ");
  return (Number(fields[11]) + Number(fields[12])) / TICKS_PER_SECOND;
}
