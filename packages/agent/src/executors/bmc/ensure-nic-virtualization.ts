import {
  addNicJob,
  forgetPendingNic,
  type NicModeState,
  type RedfishConnection,
  readNicModeState,
  readNicRegistry,
  requestNicMode,
} from "@switchyard/host";
import {
  formatNicModes,
  HostError,
  type NicModeWish,
  type StepArguments,
  VIRTUALIZATION_MODE,
} from "@switchyard/model";
import { askBmc } from "../../bmc/ask-bmc.ts";
import { markBmcChanged } from "../../bmc/changed.ts";
import { ensure } from "../executor.ts";
import { checkAgainst } from "./check-registry.ts";

/** Of each function, by id. */
type State = Readonly<Record<string, NicModeState>>;

type Arguments = StepArguments["ensureNicVirtualization"];

async function readState(connection: RedfishConnection, { functions }: Arguments): Promise<State> {
  const states: [string, NicModeState][] = [];
  for (const each of functions) states.push([each.id, await readNicModeState(connection, each)]);
  return Object.fromEntries(states);
}

const isInForce = (wish: NicModeWish, state: NicModeState | undefined): boolean =>
  state?.mode === wish.mode;

/** In force after the next boot, as things stand. */
const isOnItsWay = (wish: NicModeWish, state: NicModeState | undefined): boolean =>
  state?.pendingMode === undefined
    ? isInForce(wish, state)
    : state.pendingMode === wish.mode && state.job !== undefined;

/** @throws HostError BMC_JOB_PENDING */
function refuseForeignJob({ id }: NicModeWish, { job, pendingMode }: NicModeState): void {
  if (job === undefined) return;
  throw new HostError("BMC_JOB_PENDING", `another job for ${id} waits for a boot`, {
    found: `${job.id}: ${VIRTUALIZATION_MODE}=${pendingMode ?? "as it is"}`,
    needs: `no job for ${id}`,
  });
}

/** Current firmware makes the job with the request; older firmware is asked for it. */
async function request(connection: RedfishConnection, wish: NicModeWish): Promise<void> {
  const state = await readNicModeState(connection, wish);
  if (isOnItsWay(wish, state)) return;
  refuseForeignJob(wish, state);
  if (state.pendingMode !== wish.mode) {
    const registry = await readNicRegistry(connection, wish.id);
    checkAgainst(registry, { [VIRTUALIZATION_MODE]: wish.mode }, wish.id);
    await requestNicMode(connection, wish, wish.mode);
  }
  const asked = await readNicModeState(connection, wish);
  if (!isOnItsWay(wish, asked)) await addNicJob(connection, wish);
}

/**
 * Asks for the mode of each function that differs and leaves a job for it that the next boot runs, along
 * with the BIOS's. Taken back while that boot has not come; afterwards the mode stays, because going back
 * would take another boot. May run twice.
 */
export const ensureNicVirtualization = ensure<"ensureNicVirtualization", State>({
  read: (context, args) => askBmc(context, (connection) => readState(connection, args)),
  isSatisfied: (state, { functions }) =>
    functions.every((wish) => isOnItsWay(wish, state[wish.id])),
  apply: async (context, { functions }) => {
    await askBmc(context, async (connection) => {
      for (const wish of functions) await request(connection, wish);
    });
    await markBmcChanged(context);
  },
  undo: async (context, args, before) => {
    await askBmc(context, async (connection) => {
      const now = await readState(connection, args);
      for (const wish of args.functions) {
        if (isInForce(wish, now[wish.id])) {
          context.say(`stays, because a boot would take it back: ${formatNicModes([wish])}`);
        } else if (before[wish.id]?.job === undefined) await forgetPendingNic(connection, wish);
      }
    });
    await markBmcChanged(context);
  },
  failure: "NIC_VIRTUALIZATION_FAILED",
  isLasting: true,
});
