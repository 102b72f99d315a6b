import {
  type BiosAttributes,
  type BiosSpec,
  type Bmc,
  type BmcFacts,
  differingBiosAttributes,
  type Finding,
  formatBiosAttributes,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../../findings/finding.ts";
import { ensureBiosSettings } from "../../steps/bios-steps.ts";
import { afterBios } from "./bios-after.ts";
import { biosOffFindings, nicOffFindings, seenFromLinux } from "./bios-findings.ts";
import { planNicVirtualization } from "./nic-virtualization.ts";
import { emptySection, type Section, type SectionContext } from "./section.ts";

/**
 * Settings of BIOS and of NICs through the BMC, which one boot brings. A profile with a datapath needs VT-x, VT-d and SR-IOV whether or not it
 * names them; where they are off and nothing here turns them on, a finding says what to set by hand.
 */
export function planBios(context: SectionContext): Section {
  const { desired, observed } = context;
  const settings =
    desired.bios === undefined ? emptySection(observed) : planSpec(context, desired.bios);
  const nics = planNicVirtualization(context, settings.after);
  const off =
    desired.datapath === undefined
      ? []
      : [
          ...biosOffFindings({ ...context, observed: nics.after }),
          ...nicOffFindings(context, nics.after),
        ];
  return {
    drafts: [...settings.drafts, ...nics.drafts],
    findings: [...settings.findings, ...nics.findings, ...off],
    rebootEffects: [...settings.rebootEffects, ...nics.rebootEffects],
    after: nics.after,
  };
}

function planSpec(context: SectionContext, spec: BiosSpec): Section {
  const { bmc } = context.observed;
  return bmc?.facts === undefined
    ? planBlind(context, spec)
    : planWithBmc(context, spec, { bmc, facts: bmc.facts });
}

/** Without a BMC some settings show in Linux; the others stay unknown, and neither right nor wrong. */
function planBlind({ host, observed }: SectionContext, spec: BiosSpec): Section {
  const seen = seenFromLinux(observed);
  const wrong = differingBiosAttributes(
    Object.fromEntries(Object.entries(spec.attributes).filter(([name]) => name in seen)),
    seen,
  );
  const unseen = Object.keys(spec.attributes).filter((name) => !(name in seen));
  const why =
    observed.bmc === undefined ? "no BMC that the agent may use" : "a BMC that does not answer";
  return {
    ...emptySection(observed),
    findings: [
      ...(isEmpty(wrong)
        ? []
        : [
            errorFinding("BIOS_NEEDS_BMC", {
              message: `BIOS settings of ${host} must change`,
              found: `${formatBiosAttributes(pick(seen, wrong))}, as Linux shows it; ${why}`,
              needs: formatBiosAttributes(wrong),
            }),
          ]),
      ...(unseen.length === 0
        ? []
        : [
            warningFinding("BIOS_NEEDS_BMC", {
              message: `BIOS settings of ${host} can't be told`,
              found: why,
              needs: `the BMC, to look at ${unseen.sort().join(", ")}`,
            }),
          ]),
    ],
  };
}

interface Reachable {
  readonly bmc: Bmc;
  readonly facts: BmcFacts;
}

function planWithBmc(context: SectionContext, spec: BiosSpec, { bmc, facts }: Reachable): Section {
  const { host, observed } = context;
  const { biosAttributes: current, pendingAttributes: pending, systemPath } = facts;
  const known = Object.keys(spec.attributes).filter((name) => name in current);
  const wanted = typed(pick(spec.attributes, known), current);
  const notInForce = differingBiosAttributes(wanted, current);
  const unasked = differingBiosAttributes(wanted, { ...current, ...pending });
  const changes = pick(wanted, { ...notInForce, ...unasked });
  const findings = [
    ...unknownFindings(host, Object.keys(spec.attributes), current),
    ...pendingFindings(host, facts, { wanted, unasked }),
  ];
  if (isEmpty(changes)) return { ...emptySection(observed), findings };
  const isAsked = isEmpty(unasked) && openBiosJob(facts) !== undefined;
  return {
    drafts: isAsked
      ? []
      : [ensureBiosSettings({ address: bmc.address, trust: bmc.trust }, systemPath, changes)],
    findings,
    rebootEffects: [{ kind: "bios", needsColdCycle: false, systemPath, attributes: changes }],
    after: afterBios(observed, changes),
  };
}

const isEmpty = (attributes: object): boolean => Object.keys(attributes).length === 0;

/** Members of `from` named by a list, or by another record's names. */
function pick<Value>(
  from: Readonly<Record<string, Value>>,
  names: readonly string[] | BiosAttributes,
): Readonly<Record<string, Value>> {
  const wanted = new Set(Array.isArray(names) ? names : Object.keys(names));
  return Object.fromEntries(Object.entries(from).filter(([name]) => wanted.has(name)));
}

/** Integers as the BMC wants them: its own values say which settings are. */
const typed = (
  attributes: Readonly<Record<string, string>>,
  current: BiosAttributes,
): BiosAttributes =>
  Object.fromEntries(
    Object.entries(attributes).map(([name, value]) => [
      name,
      typeof current[name] === "number" ? Number(value) : value,
    ]),
  );

/** What iDRAC calls a job that sets BIOS. */
const BIOS_JOB = /^ConfigBIOS:|^BIOSConfiguration/;

const openBiosJob = ({ jobs }: BmcFacts) => jobs.find(({ name }) => BIOS_JOB.test(name));

function unknownFindings(
  host: string,
  names: readonly string[],
  current: BiosAttributes,
): readonly Finding[] {
  return names
    .filter((name) => !(name in current))
    .map((name) =>
      errorFinding("BIOS_ATTRIBUTE_UNKNOWN", {
        message: `the BIOS of ${host} has no setting ${name}`,
        found: `${Object.keys(current).length} other settings`,
        needs: name,
      }),
    );
}

function pendingFindings(
  host: string,
  facts: BmcFacts,
  { wanted, unasked }: { readonly wanted: BiosAttributes; readonly unasked: BiosAttributes },
): readonly Finding[] {
  const job = openBiosJob(facts);
  const foreign = Object.fromEntries(
    Object.entries(facts.pendingAttributes).filter(([name]) => !(name in wanted)),
  );
  const found = [job?.id ?? "pending", formatBiosAttributes(facts.pendingAttributes)].join(": ");
  if (job !== undefined && !isEmpty(unasked)) {
    return [
      errorFinding("BMC_JOB_PENDING", {
        message: `another BIOS job of ${host} waits for a boot`,
        found,
        needs: `no BIOS job, or one for ${formatBiosAttributes(unasked)}`,
      }),
    ];
  }
  if (isEmpty(foreign) || isEmpty(unasked)) return [];
  return [
    warningFinding("BMC_JOB_PENDING", {
      message: `BIOS settings of ${host} that others asked for come into force along with these`,
      found,
      needs: "nothing, if they are wanted",
      fix: "Clear pending settings at the BMC first if they are not.",
    }),
  ];
}
