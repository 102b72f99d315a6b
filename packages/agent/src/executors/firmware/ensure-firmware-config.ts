import { readFirmwareConfig, setFirmwareConfig } from "@switchyard/host";
import {
  type ConfigValue,
  configValueToSet,
  HostError,
  isConfigValue,
  type StepArguments,
} from "@switchyard/model";
import { stampFirmwareConfig } from "../../firmware/config-stamp.ts";
import { ensure, type StepContext } from "../executor.ts";

type Args = StepArguments["ensureFirmwareConfig"];

/** Next-boot values of the wanted parameters that the card knows. */
interface State {
  readonly nextBoot: Readonly<Record<string, ConfigValue>>;
}

async function readState({ host }: StepContext, { pf, tools, values }: Args): Promise<State> {
  const parameters = await readFirmwareConfig(host, tools, pf);
  const wanted = parameters.filter(({ name }) => Object.hasOwn(values, name));
  return { nextBoot: Object.fromEntries(wanted.map(({ name, nextBoot }) => [name, nextBoot])) };
}

const different = (state: State, values: Args["values"]): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(values).filter(([name, value]) => !isConfigValue(state.nextBoot[name], value)),
  );

/** Sets all at once or none. @throws HostError FIRMWARE_CONFIG_UNSUPPORTED, FIRMWARE_CONFIG_REFUSED */
async function set(context: StepContext, args: Args, values: Args["values"]): Promise<void> {
  if (Object.keys(values).length === 0) return;
  await setFirmwareConfig(context.host, args.tools, { device: args.pf, values });
  await stampFirmwareConfig(
    context.host,
    `${context.job}:${context.epoch}:${args.pf}:${JSON.stringify(values)}`,
  );
}

/** The firmware may be another one than the plan saw. @throws HostError FIRMWARE_CONFIG_UNSUPPORTED */
function refuseUnknown(state: State, { pf, values }: Args): void {
  const unknown = Object.keys(values).filter((name) => !Object.hasOwn(state.nextBoot, name));
  if (unknown.length === 0) return;
  throw new HostError("FIRMWARE_CONFIG_UNSUPPORTED", `${pf} does not know all parameters`, {
    found: `no ${unknown.join(", ")}`,
    needs: Object.keys(values).join(", "),
  });
}

/** Only what is due at the next boot is changed, so that taking it back leaves no trace. */
export const ensureFirmwareConfig = ensure<"ensureFirmwareConfig", State>({
  read: readState,
  isSatisfied: (state, { values }) => Object.keys(different(state, values)).length === 0,
  apply: async (context, args, state) => {
    refuseUnknown(state, args);
    await set(context, args, different(state, args.values));
  },
  undo: async (context, args, before) => {
    const now = await readState(context, args);
    const previous = Object.fromEntries(
      Object.entries(before.nextBoot).map(([name, value]) => [name, configValueToSet(value)]),
    );
    await set(context, args, different(now, previous));
  },
  failure: "FIRMWARE_CONFIG_REFUSED",
  isLasting: true,
});
