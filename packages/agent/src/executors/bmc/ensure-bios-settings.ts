import {
  addBiosJob,
  forgetPendingBios,
  type RedfishConnection,
  readBiosRegistry,
  readBiosState,
  requestBiosSettings,
} from "@switchyard/host";
import {
  type BiosAttributes,
  differingBiosAttributes,
  formatBiosAttributes,
  HostError,
  type StepArguments,
} from "@switchyard/model";
import { askBmc } from "../../bmc/ask-bmc.ts";
import { markBmcChanged } from "../../bmc/changed.ts";
import { ensure, type StepContext } from "../executor.ts";
import { checkAgainst } from "./check-registry.ts";

interface State {
  /** Values in force of the settings wanted. */
  readonly inForce: BiosAttributes;
  /** All that waits for a boot. */
  readonly pending: BiosAttributes;
  /** Id of the job that brings them; undefined while there is none. */
  readonly job: string | undefined;
}

type Arguments = StepArguments["ensureBiosSettings"];

async function readState(
  connection: RedfishConnection,
  { systemPath, attributes }: Arguments,
): Promise<State> {
  const { current, pending, job } = await readBiosState(connection, systemPath);
  const wanted = Object.entries(current).filter(([name]) => Object.hasOwn(attributes, name));
  return { inForce: Object.fromEntries(wanted), pending, job: job?.id };
}

/** Wanted, and with the next boot still not so. */
const unasked = ({ inForce, pending }: State, { attributes }: Arguments): BiosAttributes =>
  differingBiosAttributes(attributes, { ...inForce, ...pending });

const isEmpty = (attributes: BiosAttributes): boolean => Object.keys(attributes).length === 0;

const isInForce = ({ inForce }: State, { attributes }: Arguments): boolean =>
  isEmpty(differingBiosAttributes(attributes, inForce));

const isSatisfied = (state: State, args: Arguments): boolean =>
  isEmpty(unasked(state, args)) && (isInForce(state, args) || state.job !== undefined);

/** @throws HostError BMC_JOB_PENDING */
function refuseForeignJob({ job, pending }: State): void {
  if (job === undefined) return;
  throw new HostError("BMC_JOB_PENDING", "another BIOS job waits for a boot", {
    found: `${job}: ${formatBiosAttributes(pending)}`,
    needs: "no BIOS job",
  });
}

async function request(
  connection: RedfishConnection,
  args: Arguments,
  state: State,
): Promise<void> {
  const missing = unasked(state, args);
  if (isEmpty(missing)) return;
  refuseForeignJob(state);
  checkAgainst(await readBiosRegistry(connection, args.systemPath), missing);
  await requestBiosSettings(connection, args.systemPath, missing);
}

/** Current firmware makes the job with the request; older firmware is asked for it. */
async function requestAll(
  context: StepContext,
  connection: RedfishConnection,
  args: Arguments,
): Promise<void> {
  const state = await readState(connection, args);
  if (!isEmpty(state.pending) && state.job === undefined) {
    context.say(`already pending, and goes along: ${formatBiosAttributes(state.pending)}`);
  }
  await request(connection, args, state);
  const asked = await readState(connection, args);
  if (isInForce(asked, args) || asked.job !== undefined) return;
  await addBiosJob(connection, args.systemPath);
}

/**
 * Asks for what differs and leaves a job that the next boot runs. Taken back while that boot has not come;
 * afterwards the settings stay, because going back would take another boot.
 */
export const ensureBiosSettings = ensure<"ensureBiosSettings", State>({
  read: (context, args) => askBmc(context, (connection) => readState(connection, args)),
  isSatisfied,
  apply: async (context, args) => {
    await askBmc(context, (connection) => requestAll(context, connection, args));
    await markBmcChanged(context);
  },
  undo: async (context, args, before) => {
    await askBmc(context, async (connection) => {
      const now = await readState(connection, args);
      if (isInForce(now, args)) {
        context.say(`in force since the boot, and stays: ${formatBiosAttributes(args.attributes)}`);
        return;
      }
      if (before.job === undefined) await forgetPendingBios(connection, args.systemPath);
    });
    await markBmcChanged(context);
  },
  failure: "BIOS_SETTINGS_FAILED",
  isLasting: true,
});
