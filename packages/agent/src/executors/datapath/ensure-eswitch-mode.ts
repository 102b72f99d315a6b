import { readEswitchMode, setEswitchMode } from "@switchyard/host";
import {
  compareFirmware,
  type EswitchMode,
  findPf,
  formatFirmware,
  HostError,
  type PciAddress,
  parseFirmwareVersion,
} from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";

/** Oldest ConnectX-6 Dx firmware proven to go to switchdev; 22.27.6106 answers EINVAL. */
const SWITCHDEV_FIRMWARE_MIN = parseFirmwareVersion("22.39.1002");
/** Other families of cards count their versions apart. */
const CONNECTX6_DX_FAMILY = "22.";

/** The kernel does not say why it answered EINVAL; firmware and mode together do. */
async function explained(context: StepContext, pf: PciAddress, cause: unknown): Promise<unknown> {
  if (!(cause instanceof HostError) || cause.reason !== "ESWITCH_CHANGE_FAILED") return cause;
  if (cause.metadata["errno"] !== "EINVAL") return cause;
  const firmware = findPf(await context.topology.current(), pf)?.nic.firmware?.running;
  if (!firmware?.startsWith(CONNECTX6_DX_FAMILY)) return cause;
  if (compareFirmware(firmware, SWITCHDEV_FIRMWARE_MIN) >= 0) return cause;
  return new HostError(
    "ESWITCH_FIRMWARE_TOO_OLD",
    `firmware of ${pf} is too old for switchdev mode`,
    {
      ...cause.metadata,
      found: formatFirmware(firmware),
      needs: `${formatFirmware(SWITCHDEV_FIRMWARE_MIN)} or newer`,
    },
    { cause },
  );
}

export const ensureEswitchMode = ensure<"ensureEswitchMode", { readonly mode: EswitchMode }>({
  read: async ({ host }, { devlinkHandle }) => ({
    mode: await readEswitchMode(host, devlinkHandle),
  }),
  isSatisfied: (state, { mode }) => state.mode === mode,
  apply: async (context, { pf, devlinkHandle, mode }) => {
    try {
      await setEswitchMode(context.host, devlinkHandle, mode);
    } catch (error) {
      throw mode === "switchdev" ? await explained(context, pf, error) : error;
    }
  },
  undo: ({ host }, { devlinkHandle }, before) => setEswitchMode(host, devlinkHandle, before.mode),
  failure: "ESWITCH_CHANGE_FAILED",
  movesDevices: true,
});
