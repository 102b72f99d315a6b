import {
  confirmBuild,
  detectAccelerator,
  findBuild,
  removeBuild,
  startBuild,
} from "@switchyard/host";
import { type Accelerator, HostError } from "@switchyard/model";
import { type StepContext, waitUntil } from "../executor.ts";

/** Boot, download and installation; emulation takes some ten times as long. */
const BUILD_TIMEOUT_MS: Readonly<Record<Accelerator, number>> = { kvm: 1_800_000, tcg: 7_200_000 };
const LOOK_INTERVAL_MS = 2_000;

async function awaitEnd(context: StepContext, key: string, timeoutMs: number): Promise<void> {
  const pid = await waitUntil(context, {
    timeoutMs,
    intervalMs: LOOK_INTERVAL_MS,
    read: () => findBuild(context.observer, key),
    isDone: (running) => running === undefined,
  });
  context.signal.throwIfAborted();
  if (pid === undefined) return;
  throw new HostError("IMAGE_PACKAGES_FAILED", "the guest did not install its packages in time", {
    found: `still running after ${timeoutMs / 60_000} minutes`,
    needs: "repositories that the host reaches",
  });
}

/**
 * Boots the disk once behind NAT, where cloud-init installs the packages. One that an earlier agent left
 * behind is ended first. Leaves nothing behind but the disk.
 *
 * @throws HostError IMAGE_PACKAGES_FAILED, SEED_BUILD_FAILED
 */
export async function installPackages(
  context: StepContext,
  build: { readonly key: string; readonly disk: string; readonly packages: readonly string[] },
): Promise<void> {
  const { host, observer, say } = context;
  const { key, packages } = build;
  await removeBuild(host, key);
  try {
    const accelerator = await detectAccelerator(observer);
    say(`booting the image behind NAT to install ${packages.join(", ")}`);
    await startBuild(host, { ...build, accelerator });
    await awaitEnd(context, key, BUILD_TIMEOUT_MS[accelerator]);
    await confirmBuild(host, key, packages);
  } finally {
    await removeBuild(host, key);
  }
}
