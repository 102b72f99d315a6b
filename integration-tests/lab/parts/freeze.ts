import { ApiError } from "@switchyard/client";
import { runInGuest } from "./guest.ts";
import type { Side } from "./pair.ts";

/** Under two emulations a guest takes seconds to answer, and many of them on a busy machine. */
const FREEZE_SECONDS = 300n;

/** A guest's file systems are frozen by its agent, it takes no command meanwhile, and goes on after its thaw. */
export async function verifyFreeze({ context, vm }: Side): Promise<void> {
  const { report, stack } = context;
  const { vms } = stack.client;
  const { name } = vm;
  report.part(`The guest of ${name} is frozen, and thawed`);
  const maxDuration = { seconds: FREEZE_SECONDS, nanos: 0 };
  const { freezeId, fileSystemCount } = await vms.freezeVm({ name, maxDuration });
  report.verify(fileSystemCount > 0, `${fileSystemCount} of its file systems frozen`);
  const refusal = await runInGuest(stack, name, ["true"]).then(
    () => "a program ran",
    (error: unknown) => (error instanceof ApiError ? error.reason : String(error)),
  );
  report.verify(refusal === "GUEST_FROZEN", `meanwhile: ${refusal}`);
  const thawed = await vms.thawVm({ name, freezeId });
  report.verify(
    thawed.fileSystemCount === fileSystemCount,
    `${thawed.fileSystemCount} thawed, which were frozen all the time`,
  );
  const { exitCode } = await runInGuest(stack, name, ["busybox", "sync"]);
  report.verify(exitCode === 0, "it writes again");
}
