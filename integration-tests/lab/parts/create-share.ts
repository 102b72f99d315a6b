import { jobEvents } from "@switchyard/client";
import type { JobEvent, Vm } from "@switchyard/proto";
import type { LabContext } from "../context.ts";

/** Long enough for events that a busy emulation sends late. */
const EVENTS_MS = 300_000;
const MS_PER_SECOND = 1000;

/**
 * Creates a VM and tells how long it took from the call to its end, and how much of that was not QEMU's start or
 * the guest's boot: placing, the bus, looking at the host, and every other step.
 */
export async function createVmTimed(context: LabContext, id: string, vm: Vm): Promise<Vm> {
  const { job, report, stack } = context;
  const begun = performance.now();
  const created = await job.createVm(id, vm);
  const totalMs = performance.now() - begun;
  const events: JobEvent[] = [];
  for await (const event of jobEvents(stack.client, created.job, { timeoutMs: EVENTS_MS })) {
    events.push(event);
  }
  const timeOf = timesOf(events);
  const qemuMs =
    timeOf("stepFinished", "ensureVmRunning") - timeOf("stepStarted", "ensureVmRunning");
  // The wait for the guest's agent comes before the step that gives an address is said to start.
  const guestMs =
    timeOf("stepFinished", "ensureGuestAddress") - timeOf("stepFinished", "ensureVmRunning");
  const seconds = (ms: number) => `${(ms / MS_PER_SECOND).toFixed(1)} s`;
  report.say(
    `${created.name}: ${seconds(totalMs)} from the call to a guest with its address: QEMU's start ${seconds(qemuMs)}, the guest's boot ${seconds(guestMs)}, ours ${seconds(totalMs - qemuMs - guestMs)} (software emulation)`,
  );
  return created;
}

/** By the host's own clock, in milliseconds. */
const timesOf =
  (events: readonly JobEvent[]) =>
  (which: "stepStarted" | "stepFinished", kind: string): number =>
    events
      .findLast(({ body }) => body?.$case === which && body.value.step.includes(kind))
      ?.time?.getTime() ?? Number.NaN;
