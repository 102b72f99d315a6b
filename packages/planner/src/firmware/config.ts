import {
  configNumber,
  type FirmwareParameter,
  isConfigValue,
  NUM_OF_VFS,
  type PfFirmwareConfig,
  SRIOV_EN,
} from "@switchyard/model";

/** Why a wanted parameter can't be had. */
export interface UnsupportedParameter {
  readonly name: string;
  readonly why: "unknown" | "read-only";
}

/** Wanted, next boot and current of one PF, compared. */
export interface ConfigDifference {
  /** To be set for the next boot. */
  readonly toSet: Readonly<Record<string, string>>;
  /** Not in force yet: what is to be set, and what was set before and waits for a boot. */
  readonly due: Readonly<Record<string, string>>;
  readonly unsupported: readonly UnsupportedParameter[];
}

/** Whether the datapath of the profile uses the PF, and for how many VFs. */
export interface PfNeeds {
  /** Undefined for a PF that carries no datapath. */
  readonly vfCount: number | undefined;
}

/** A ceiling stays where it is as long as it is high enough: lowering it would cost a boot for nothing. */
function ceiling(
  parameter: FirmwareParameter | undefined,
  config: Readonly<Record<string, string>>,
  { vfCount = 0 }: PfNeeds,
): string | undefined {
  const wanted = Math.max(vfCount, Number(config[NUM_OF_VFS] ?? 0));
  const next = configNumber(parameter?.nextBoot);
  if (next !== undefined && next >= wanted) return String(next);
  return wanted === 0 ? undefined : String(wanted);
}

/** What the PF shall have: what the profile names, and what its VFs can't be without. */
function wantedValues(
  config: Readonly<Record<string, string>>,
  needs: PfNeeds,
  find: (name: string) => FirmwareParameter | undefined,
): Readonly<Record<string, string>> {
  const isAsked = needs.vfCount !== undefined || config[NUM_OF_VFS] !== undefined;
  const count = isAsked ? ceiling(find(NUM_OF_VFS), config, needs) : undefined;
  return {
    ...(needs.vfCount !== undefined && find(SRIOV_EN) !== undefined && { [SRIOV_EN]: "True" }),
    ...config,
    ...(count !== undefined && { [NUM_OF_VFS]: count }),
  };
}

/** Compares what a PF shall have with what is due at its next boot and with what is in force. */
export function diffFirmwareConfig(
  { parameters }: PfFirmwareConfig,
  config: Readonly<Record<string, string>>,
  needs: PfNeeds,
): ConfigDifference {
  const find = (name: string) => parameters.find((each) => each.name === name);
  const toSet: Record<string, string> = {};
  const due: Record<string, string> = {};
  const unsupported: UnsupportedParameter[] = [];
  for (const [name, value] of Object.entries(wantedValues(config, needs, find))) {
    const parameter = find(name);
    if (parameter === undefined) {
      unsupported.push({ name, why: "unknown" });
      continue;
    }
    const isNext = isConfigValue(parameter.nextBoot, value);
    if (!isNext && parameter.isReadOnly) unsupported.push({ name, why: "read-only" });
    else {
      if (!isNext) toSet[name] = value;
      // Where the tool does not print what is in force, what is due is taken for it.
      if (!isConfigValue(parameter.current ?? parameter.nextBoot, value)) due[name] = value;
    }
  }
  return { toSet, due, unsupported };
}
