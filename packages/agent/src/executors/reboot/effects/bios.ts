import { findLastBiosJob, readBiosState } from "@switchyard/host";
import {
  type BiosAttributes,
  differingBiosAttributes,
  formatBiosAttributes,
} from "@switchyard/model";
import { askBmc } from "../../../bmc/ask-bmc.ts";
import { waitUntil } from "../../executor.ts";
import type { EffectReader } from "./effect-reader.ts";

/** A configuration job runs before the operating system; what the BMC shows may lag behind by minutes. */
const SETTLE_TIMEOUT_MS = 300_000;
const SETTLE_INTERVAL_MS = 10_000;

/**
 * What is in force is read, not how the job ended: a finished job may be gone before anybody looks, or go on
 * under another id. Waits while settings still lag behind the boot.
 *
 * @see openstack/ironic bugs 2159959 and 2146248
 */
export const bios: EffectReader<"bios"> = async (context, { systemPath, attributes }) => {
  const state = await waitUntil(context, {
    timeoutMs: SETTLE_TIMEOUT_MS,
    intervalMs: SETTLE_INTERVAL_MS,
    read: () => askBmc(context, (connection) => readBiosState(connection, systemPath)),
    isDone: ({ current }) => isEmpty(differingBiosAttributes(attributes, current)),
  });
  const missing = differingBiosAttributes(attributes, state.current);
  if (isEmpty(missing)) return undefined;
  const names = Object.keys(missing);
  const actual = Object.entries(state.current).filter(([name]) => names.includes(name));
  const job = await askBmc(context, findLastBiosJob);
  const stands = job === undefined ? "no BIOS job left" : `${job.id} ${job.state}: ${job.message}`;
  return {
    found: `BIOS ${formatBiosAttributes(Object.fromEntries(actual))}; ${stands}`,
    needs: `BIOS ${formatBiosAttributes(missing)}`,
  };
};

const isEmpty = (attributes: BiosAttributes): boolean => Object.keys(attributes).length === 0;
