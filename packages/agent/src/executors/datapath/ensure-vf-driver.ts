import {
  bindPciDriver,
  readPciDriver,
  readPciDriverOverride,
  restorePciDriver,
} from "@switchyard/host";
import { ensure } from "../executor.ts";
import { awaitVfAddress, findVfAddress } from "../resolve.ts";

interface State {
  readonly driver: string | undefined;
  /** Undefined where the bus chooses by id; absent in journals of older agents. */
  readonly override?: string | undefined;
}

/** A VF found without a driver keeps the one it got: there is nothing it could be returned to. */
export const ensureVfDriver = ensure<"ensureVfDriver", State>({
  read: async (context, { vf }) => {
    const pciAddress = await awaitVfAddress(context, vf);
    return {
      driver: await readPciDriver(context.host, pciAddress),
      override: await readPciDriverOverride(context.host, pciAddress),
    };
  },
  isSatisfied: (state, { driver }) => state.driver === driver,
  apply: async (context, { vf, driver }) => {
    const pciAddress = await awaitVfAddress(context, vf);
    await bindPciDriver(context.host, pciAddress, driver);
  },
  undo: async (context, { vf }, before) => {
    const pciAddress = await findVfAddress(context, vf);
    if (pciAddress === undefined || before.driver === undefined) return;
    const { driver, override } = before;
    await restorePciDriver(context.host, pciAddress, { driver, override });
  },
  failure: "DEVICE_BUSY",
  rebindsVfs: true,
});
