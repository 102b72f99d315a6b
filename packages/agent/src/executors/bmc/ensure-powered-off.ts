import {
  type BmcSettings,
  readBmcSettingsOf,
  readSystem,
  requestReset,
  withRedfish,
} from "@switchyard/host";
import { HostError, type PowerState, type StepArguments } from "@switchyard/model";
import { requireBmcSettings } from "../../bmc/ask-bmc.ts";
import { ensure, type StepContext, waitUntil } from "../executor.ts";

type Args = StepArguments["ensurePoweredOff"];

interface State {
  readonly powerState: PowerState | undefined;
}

/** A server's power goes at once; an iDRAC tells of it seconds later. */
const OFF_TIMEOUT_MS = 60_000;
const OFF_INTERVAL_MS = 2_000;

/**
 * As a file of this host says for the other's BMC. Where there is none the other's BMC takes the user and
 * password of this host's: many fleets' BMCs are set up alike.
 */
async function settingsFor(context: StepContext, { host, bmc }: Args): Promise<BmcSettings> {
  const named = await readBmcSettingsOf(context.observer, host);
  return named ?? { ...(await requireBmcSettings(context)), endpoint: bmc };
}

async function readPower(context: StepContext, args: Args): Promise<State> {
  const settings = await settingsFor(context, args);
  const { powerState } = await withRedfish(context.host, settings, readSystem);
  return { powerState };
}

async function switchOff(context: StepContext, args: Args): Promise<void> {
  const settings = await settingsFor(context, args);
  await withRedfish(context.host, settings, async (connection) =>
    requestReset(connection, await readSystem(connection), "ForceOff"),
  );
  const { powerState } = await waitUntil(context, {
    timeoutMs: OFF_TIMEOUT_MS,
    intervalMs: OFF_INTERVAL_MS,
    read: () => readPower(context, args),
    isDone: (state) => state.powerState === "off",
  });
  if (powerState === "off") return;
  throw new HostError("FENCE_FAILED", `${args.host} was told to power off and did not`, {
    found: `power state ${powerState ?? "unknown"}`,
    needs: "off",
  });
}

/**
 * Takes another host's power away, because nobody knows what it runs. Not taken back: that it may be switched
 * on again is for a person to say.
 */
export const ensurePoweredOff = ensure<"ensurePoweredOff", State>({
  read: readPower,
  isSatisfied: ({ powerState }) => powerState === "off",
  apply: switchOff,
  undo: undefined,
  failure: "FENCE_FAILED",
});
