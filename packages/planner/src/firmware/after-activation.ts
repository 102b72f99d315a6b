import {
  type ConfigValue,
  configNumber,
  type FirmwareParameter,
  type FirmwareVersion,
  isConfigValue,
  type Nic,
  NUM_OF_VFS,
  type Pf,
  type PfFirmwareConfig,
  SRIOV_EN,
} from "@switchyard/model";

/** What is set for the next boot, by PF. */
export type SetValues = ReadonlyMap<string, Readonly<Record<string, string>>>;

const activated = (
  parameter: FirmwareParameter,
  values: Readonly<Record<string, string>>,
): FirmwareParameter => {
  const wanted = values[parameter.name];
  const isKept = wanted === undefined || isConfigValue(parameter.nextBoot, wanted);
  const nextBoot = isKept ? parameter.nextBoot : (wanted as ConfigValue);
  return { ...parameter, nextBoot, current: nextBoot };
};

/** VFs that the PF may have under a configuration; unchanged where that does not say. */
function totalVfs(pf: Pf, config: PfFirmwareConfig | undefined): number {
  const current = (name: string) =>
    config?.parameters.find((parameter) => parameter.name === name)?.current;
  const isOff = ["0", "False"].some((value) => isConfigValue(current(SRIOV_EN), value));
  return isOff ? 0 : (configNumber(current(NUM_OF_VFS)) ?? pf.totalVfs);
}

/** A card as it will be once it was reset: what is stored runs, what was set is in force. */
export function afterActivation(
  nic: Nic,
  change: { readonly version: FirmwareVersion | undefined; readonly values: SetValues },
): Nic {
  const { firmware, firmwareFacts } = nic;
  const version = change.version ?? firmware?.stored;
  const config = firmwareFacts?.config.map((each) => ({
    ...each,
    parameters: each.parameters.map((parameter) =>
      activated(parameter, change.values.get(each.pf) ?? {}),
    ),
  }));
  const configOf = ({ pciAddress }: Pf) => config?.find(({ pf }) => pf === pciAddress);
  return {
    ...nic,
    firmware: version === undefined ? undefined : { running: version, stored: version },
    ...(firmwareFacts !== undefined &&
      config !== undefined && {
        firmwareFacts: { ...firmwareFacts, config, needsColdCycle: false },
      }),
    pfs: nic.pfs.map((pf) => ({ ...pf, totalVfs: totalVfs(pf, configOf(pf)) })),
  };
}
