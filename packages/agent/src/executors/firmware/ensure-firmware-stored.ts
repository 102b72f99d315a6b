import { findProcessesWith, readBootId, readDevlinkInfo, readSha256 } from "@switchyard/host";
import {
  artefactPath,
  CommandError,
  type FirmwareVersion,
  HostError,
  type Psid,
  type StepArguments,
} from "@switchyard/model";
import { writeBurned } from "../../firmware/burned.ts";
import { ensure, type StepContext, waitUntil } from "../executor.ts";
import { IMAGE_METHODS, refuseOtherPsid } from "./images.ts";

type Args = StepArguments["ensureFirmwareStored"];

/** A burn that an earlier life of the agent began goes on without it. */
const OTHER_BURN_TIMEOUT_MS = 1_800_000;
const OTHER_BURN_INTERVAL_MS = 5_000;

interface State {
  readonly psid: Psid | undefined;
  readonly stored: FirmwareVersion | undefined;
}

async function readState(context: StepContext, { devlinkHandle }: Args): Promise<State> {
  const { psid, stored, running } = await readDevlinkInfo(context.host, devlinkHandle);
  return { psid, stored: stored ?? running };
}

const isStored = ({ stored }: State, { image }: Args): boolean => stored === image.version;

/** @throws HostError FIRMWARE_BUSY */
async function awaitOtherBurn(context: StepContext, args: Args): Promise<void> {
  const path = artefactPath(args.image.artefact.sha256);
  const pids = await waitUntil(context, {
    timeoutMs: OTHER_BURN_TIMEOUT_MS,
    intervalMs: OTHER_BURN_INTERVAL_MS,
    read: () => findProcessesWith(context.observer, path),
    isDone: (found) => found.length === 0,
  });
  if (pids.length === 0) return;
  throw new HostError("FIRMWARE_BUSY", `an update of ${args.pf} still runs`, {
    found: `process ${pids.join(", ")}`,
    needs: "no other update",
  });
}

/** @throws HostError ARTEFACT_UNAVAILABLE, ARTEFACT_CHECKSUM_WRONG */
async function refuseOtherContent({ host }: StepContext, { image }: Args): Promise<void> {
  const { sha256 } = image.artefact;
  const found = await readSha256(host, artefactPath(sha256));
  if (found === sha256) return;
  const reason = found === undefined ? "ARTEFACT_UNAVAILABLE" : "ARTEFACT_CHECKSUM_WRONG";
  throw new HostError(reason, "the firmware image is not in the store as it was put there", {
    found: found ?? "no such file",
    needs: sha256,
  });
}

/**
 * A burn that did not answer is looked at and never made again by itself: the first one may still be writing.
 *
 * @throws HostError FIRMWARE_UPDATE_INTERRUPTED, and as the burn does
 */
async function burnOnce(context: StepContext, args: Args): Promise<void> {
  try {
    await IMAGE_METHODS[args.image.kind].burn(context, args);
  } catch (error) {
    if (!(error instanceof CommandError) || error.reason !== "COMMAND_TIMED_OUT") throw error;
    const state = await readState(context, args);
    if (isStored(state, args)) return;
    throw new HostError(
      "FIRMWARE_UPDATE_INTERRUPTED",
      `the update of ${args.pf} did not come to its end`,
      { found: `${state.stored ?? "nothing"} stored`, needs: args.image.version },
      { cause: error },
    );
  }
}

/**
 * Not taken back: the image that was there is not on the host, and writing another one is a risk of its own that
 * nobody asked for. Until the next boot the card goes on with what runs.
 */
export const ensureFirmwareStored = ensure<"ensureFirmwareStored", State>({
  read: readState,
  isSatisfied: isStored,
  apply: async (context, args) => {
    await awaitOtherBurn(context, args);
    if (isStored(await readState(context, args), args)) return;
    await refuseOtherContent(context, args);
    await IMAGE_METHODS[args.image.kind].check(context, args);
    const { psid } = await readState(context, args);
    refuseOtherPsid(args, psid, args.pf);
    const bootId = await readBootId(context.host);
    await writeBurned(context.host, args.pf, { version: args.image.version, bootId });
    await burnOnce(context, args);
  },
  undo: undefined,
  failure: "FIRMWARE_UPDATE_FAILED",
  movesDevices: true,
  // On the way over a stepping stone the flash holds the next image by the time the job looks again.
  isLasting: true,
});
