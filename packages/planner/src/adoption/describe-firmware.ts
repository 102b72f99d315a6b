import {
  CONFIG_NAME,
  CONFIG_VALUE,
  type ConfigValue,
  configNumber,
  configValueToSet,
  type Finding,
  type FirmwareParameter,
  type FirmwareSpec,
  formatFirmware,
  isConfigValue,
  LIMITS_OF_FIRMWARE,
  type Nic,
  NUM_OF_VFS,
  type PfFirmwareConfig,
} from "@switchyard/model";
import { firmwareSection } from "../host/sections/firmware.ts";
import {
  type Description,
  type DescriptionContext,
  leftOut,
  nothingFound,
  provenSection,
} from "./description.ts";

type Images = FirmwareSpec["images"];

/**
 * Images for the versions that run, as far as the last plan knows their files, and the configuration where it
 * differs from the firmware's defaults.
 */
export function describeFirmware(context: DescriptionContext): Description<FirmwareSpec> {
  const cards = context.observed.nics.filter(({ nicProfile }) => nicProfile === "mlx5");
  if (cards.length === 0) return nothingFound;
  const images = imagesOf(context, cards);
  const config = configOf(context.host, cards);
  const findings = [...imageFindings(context.host, cards, images), ...config.findings];
  if (images.length === 0 && Object.keys(config.values).length === 0) {
    return { spec: undefined, findings };
  }
  const spec = { images, config: config.values, allowsDowngrade: false };
  const section = { plan: firmwareSection, what: "firmware" };
  const proven = provenSection(context, section, { spec, part: { firmware: spec } });
  return { spec: proven.spec, findings: [...findings, ...proven.findings] };
}

const imagesOf = ({ applied }: DescriptionContext, cards: readonly Nic[]): Images =>
  (applied?.firmware?.images ?? []).filter(({ psid, version }) =>
    cards.some(
      ({ psid: own, firmware }) =>
        own === psid && firmware?.running === version && firmware.stored === version,
    ),
  );

function imageFindings(host: string, cards: readonly Nic[], images: Images): readonly Finding[] {
  const unknown = cards.flatMap(({ psid, firmware }) =>
    psid === undefined || firmware === undefined || images.some((image) => image.psid === psid)
      ? []
      : [`PSID ${psid} runs ${formatFirmware(firmware.running)}`],
  );
  if (unknown.length === 0) return [];
  return [
    leftOut(host, "firmware versions whose image nobody named", {
      found: [...new Set(unknown)].join(", "),
      needs: "for each of them an image file and its SHA-256",
      fix: "Add firmware.images; a version that runs already is not burned again.",
    }),
  ];
}

interface ConfigFound {
  readonly values: Readonly<Record<string, string>>;
  readonly findings: readonly Finding[];
}

/** A profile has one value for all ports; the ceiling of VFs is the lowest, which is never lowered to. */
function configOf(host: string, cards: readonly Nic[]): ConfigFound {
  const configs = cards.flatMap(({ firmwareFacts }) => firmwareFacts?.config ?? []);
  const unread = cards
    .flatMap(({ pfs }) => pfs)
    .filter(({ pciAddress }) => !configs.some(({ pf }) => pf === pciAddress));
  const values: Record<string, string> = {};
  const waiting: string[] = [];
  const differing: string[] = [];
  for (const name of changedNames(configs)) {
    const found = configs.flatMap(({ parameters }) =>
      parameters.filter((each) => each.name === name),
    );
    const value = commonValue(name, found);
    if (found.some(isWaiting)) waiting.push(name);
    else if (value === undefined) differing.push(name);
    else values[name] = value;
  }
  const kept = Object.entries(values).sort().slice(0, LIMITS_OF_FIRMWARE.configMax);
  return {
    values: Object.fromEntries(kept),
    findings: [
      ...named(host, "the configuration of ports that do not show it", {
        names: unread.map(({ pciAddress }) => pciAddress),
        needs: "mstflint or MFT on the host, and an answer of the card",
      }),
      ...named(host, "firmware parameters that wait for a boot", {
        names: waiting,
        needs: "the same value in force and for the next boot",
      }),
      ...named(host, "firmware parameters that differ between ports, or that no profile can hold", {
        names: differing,
        needs: "one number or word for all ports",
      }),
    ],
  };
}

function named(
  host: string,
  what: string,
  { names, needs }: { readonly names: readonly string[]; readonly needs: string },
): readonly Finding[] {
  return names.length === 0 ? [] : [leftOut(host, what, { found: names.join(", "), needs })];
}

const changedNames = (configs: readonly PfFirmwareConfig[]): ReadonlySet<string> =>
  new Set(
    configs.flatMap(({ parameters }) => parameters.filter(isChanged).map(({ name }) => name)),
  );

/** Where the tool prints no default, what is set can't be told from what always was. */
const isChanged = ({ isReadOnly, default: byDefault, nextBoot, current }: FirmwareParameter) =>
  !isReadOnly &&
  byDefault !== undefined &&
  (isOther(byDefault, nextBoot) || isOther(current, nextBoot));

const isOther = (current: ConfigValue | undefined, next: ConfigValue): boolean =>
  current !== undefined && !isConfigValue(current, next);

const isWaiting = ({ current, nextBoot }: FirmwareParameter): boolean => isOther(current, nextBoot);

function commonValue(name: string, found: readonly FirmwareParameter[]): string | undefined {
  const values = [...new Set(found.map(({ nextBoot }) => configValueToSet(nextBoot)))];
  if (name === NUM_OF_VFS) {
    const counts = found.map(({ nextBoot }) => configNumber(nextBoot) ?? 0);
    return String(Math.min(...counts, LIMITS_OF_FIRMWARE.vfsMax));
  }
  const [value] = values;
  const isFit = value !== undefined && values.length === 1 && CONFIG_VALUE.test(value);
  return isFit && CONFIG_NAME.test(name) ? value : undefined;
}
