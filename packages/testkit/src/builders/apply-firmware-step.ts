import {
  type ConfigValue,
  type Inventory,
  isConfigValue,
  type Nic,
  type Step,
} from "@switchyard/model";

type FirmwareStep = Extract<Step, { kind: "ensureFirmwareStored" | "ensureFirmwareConfig" }>;

function stored(nic: Nic, step: Extract<FirmwareStep, { kind: "ensureFirmwareStored" }>): Nic {
  if (nic.firmware === undefined) return nic;
  return { ...nic, firmware: { ...nic.firmware, stored: step.arguments.image.version } };
}

function configured(nic: Nic, step: Extract<FirmwareStep, { kind: "ensureFirmwareConfig" }>): Nic {
  const { pf, values } = step.arguments;
  const facts = nic.firmwareFacts;
  if (facts === undefined) return nic;
  const config = facts.config.map((each) =>
    each.pf !== pf
      ? each
      : {
          ...each,
          parameters: each.parameters.map((parameter) => {
            const value = values[parameter.name];
            return value === undefined || isConfigValue(parameter.nextBoot, value)
              ? parameter
              : { ...parameter, nextBoot: value as ConfigValue };
          }),
        },
  );
  return { ...nic, firmwareFacts: { ...facts, config } };
}

/** The card after a firmware step: what is stored or due at the next boot changes, and nothing that runs. */
export function applyFirmwareStep(inventory: Inventory, step: FirmwareStep): Inventory {
  const nics = inventory.nics.map((nic) => {
    if (!nic.pfs.some(({ pciAddress }) => pciAddress === step.arguments.pf)) return nic;
    return step.kind === "ensureFirmwareStored" ? stored(nic, step) : configured(nic, step);
  });
  return { ...inventory, nics };
}

const numberOf = (text: string | undefined): number | undefined =>
  text === undefined || !/^\d+$/.test(text) ? undefined : Number(text);

/** A reset of the card: stored firmware runs, and what was due of the configuration is in force. */
export function activateCard(nic: Nic): Nic {
  const { firmware, firmwareFacts } = nic;
  const config = firmwareFacts?.config.map((each) => ({
    ...each,
    parameters: each.parameters.map((parameter) => ({ ...parameter, current: parameter.nextBoot })),
  }));
  const pfs = nic.pfs.map((pf) => {
    const parameters = config?.find((each) => each.pf === pf.pciAddress)?.parameters;
    const current = (name: string) => parameters?.find((each) => each.name === name)?.current;
    const isOff = isConfigValue(current("SRIOV_EN"), "0");
    return { ...pf, totalVfs: isOff ? 0 : (numberOf(current("NUM_OF_VFS")) ?? pf.totalVfs) };
  });
  return {
    ...nic,
    pfs,
    firmware: firmware && { running: firmware.stored, stored: firmware.stored },
    ...(firmwareFacts !== undefined &&
      config !== undefined && { firmwareFacts: { ...firmwareFacts, config } }),
  };
}
