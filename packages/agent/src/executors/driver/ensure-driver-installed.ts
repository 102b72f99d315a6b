import { DRIVER_BUILD_TIMEOUT_MS, findProcessesWith } from "@switchyard/host";
import {
  DRIVER_WORK_FOLDER,
  type DriverBuild,
  type DriverInfo,
  type DriverInstall,
  driverDigest,
  HostError,
  isDriverInstalled,
  moduleVersionOf,
  REMOVAL,
  type StepArguments,
} from "@switchyard/model";
import { forgetBuild, writeBuild } from "../../driver/builds.ts";
import { readDriverInfo } from "../../inventory/driver.ts";
import { ensure, type StepContext, waitUntil } from "../executor.ts";
import { keepLog, logFolderOf } from "../kept-log.ts";
import { checkBuild, refuseOtherKernel } from "./check-build.ts";
import { type Installed, installDriver } from "./install-driver.ts";

const INSTALLER = `${DRIVER_WORK_FOLDER}/mlnxofedinstall`;
const LOG_NAME = "driver-install.log";
const RUNNING_INTERVAL_MS = 5_000;

type Arguments = StepArguments["ensureDriverInstalled"];

const labelOf = (driver: DriverInstall): string =>
  driver.kind === "mlnx-ofed" ? driver.release : (moduleVersionOf(driver) ?? REMOVAL);

/** One that an agent before this one started is let come to its end: two at once would ruin each other. */
async function awaitInstaller(context: StepContext): Promise<void> {
  const running = await waitUntil(context, {
    timeoutMs: DRIVER_BUILD_TIMEOUT_MS,
    intervalMs: RUNNING_INTERVAL_MS,
    read: () => findProcessesWith(context.observer, INSTALLER),
    isDone: (pids) => pids.length === 0,
  });
  if (running.length === 0) return;
  throw new HostError("DRIVER_INSTALL_FAILED", "an installer of the driver still runs", {
    found: `process ${running.join(", ")}: ${INSTALLER}`,
    needs: "none",
    try: "Wait for it to end, then apply again",
  });
}

function failed({ failure, logPaths }: Installed, context: StepContext): HostError | undefined {
  if (failure === undefined) return undefined;
  const { reason, found, needs, fix } = failure;
  const kept = `${logFolderOf(context)}/${LOG_NAME}`;
  return new HostError(reason, `the driver was not installed: ${found}`, {
    found,
    needs,
    try: fix,
    log: [kept, ...logPaths].join(" "),
  });
}

/** Writes down how far it got, so that one that was cut short is told from one that ended. */
async function install(context: StepContext, args: Arguments): Promise<void> {
  const { driver, kernelRelease } = args;
  const build: DriverBuild = {
    kernelRelease,
    state: "building",
    digest: driverDigest(driver, kernelRelease),
    release: labelOf(driver),
    logFolder: logFolderOf(context),
    failure: "",
  };
  await writeBuild(context.host, build);
  const installed = await installDriver(context, args);
  await keepLog(context, LOG_NAME, installed.output);
  const error = failed(installed, context);
  if (error !== undefined) {
    await writeBuild(context.host, { ...build, state: "failed", failure: error.message });
    throw error;
  }
  await context.host.remove(DRIVER_WORK_FOLDER);
  if (driver.kind === "inbox") await forgetBuild(context.host, kernelRelease);
  else await writeBuild(context.host, { ...build, state: "installed" });
}

/** @throws HostError: nothing was touched yet */
async function refuse(context: StepContext, { driver, kernelRelease }: Arguments): Promise<void> {
  await refuseOtherKernel(context, kernelRelease);
  if (driver.kind !== "inbox") await checkBuild(context, kernelRelease);
}

const isCutShort = ({ builds }: DriverInfo, kernelRelease: string): boolean =>
  builds.some((each) => each.kernelRelease === kernelRelease && each.state === "building");

/**
 * What would make it fail is looked for while reading, before the journal says that it has begun: a
 * host that is refused was not touched.
 *
 * There is no undo: the installer removes the packages that were there before, and nothing on the
 * host can bring them back. What runs is not touched by it, and what boots is told by the steps
 * after it.
 */
export const ensureDriverInstalled = ensure<"ensureDriverInstalled", { readonly info: DriverInfo }>(
  {
    read: async (context, args) => {
      const { driver, module, kernelRelease } = args;
      const { observer: host } = context;
      const info = await readDriverInfo({ host, module, runningKernel: kernelRelease });
      const isDone = isDriverInstalled(info, driver, kernelRelease);
      if (!isDone && !isCutShort(info, kernelRelease)) await refuse(context, args);
      return { info };
    },
    isSatisfied: ({ info }, { driver, kernelRelease }) =>
      isDriverInstalled(info, driver, kernelRelease),
    apply: async (context, args) => {
      await awaitInstaller(context);
      await refuse(context, args);
      await install(context, args);
    },
    undo: undefined,
    failure: "DRIVER_INSTALL_FAILED",
    movesDevices: true,
  },
);
