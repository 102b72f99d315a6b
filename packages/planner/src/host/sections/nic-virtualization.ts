import {
  type BmcFacts,
  type BmcNicFunction,
  type Finding,
  formatNicModes,
  type Inventory,
  isJobOfNicFunction,
  LIMITS_OF_PROFILE,
  modeWithSriov,
  type NicModeWish,
  type Pf,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../../findings/finding.ts";
import { ensureNicVirtualization } from "../../steps/bios-steps.ts";
import { findNicFunction, isSriovMissing, type NicPort, nicPortsOf } from "./nic-functions.ts";
import { emptySection, type Section, type SectionContext } from "./section.ts";

/**
 * SR-IOV in the setup of the NICs that the agent drives, through the BMC. NICs of others stay as they are.
 *
 * @param base the host as the BIOS settings before leave it
 */
export function planNicVirtualization(context: SectionContext, base: Inventory): Section {
  const { desired, observed, host } = context;
  if (desired.bios?.nicVirtualization === undefined) return emptySection(base);
  const { bmc } = observed;
  const ports = nicPortsOf(observed);
  if (bmc?.facts === undefined) return { ...emptySection(base), findings: blind(host, ports) };
  const { facts } = bmc;
  const due = ports.flatMap(({ nicFunction }) => nicFunction ?? []).filter(isSriovMissing);
  const findings = [
    ...unknownFindings(host, ports),
    ...due.flatMap((each) => foreignJob(host, facts, each)),
  ];
  if (due.length === 0) return { ...emptySection(base), findings };
  const unasked = due.filter((each) => !isAsked(facts, each)).map(wishOf);
  const { address, trust } = bmc;
  return {
    drafts: unasked.length === 0 ? [] : [ensureNicVirtualization({ address, trust }, unasked)],
    findings,
    rebootEffects: [
      { kind: "nic-virtualization", needsColdCycle: false, functions: due.map(wishOf) },
    ],
    after: afterModes(base, due.map(wishOf)),
  };
}

const wishOf = ({ id, attributesPath, mode }: BmcNicFunction): NicModeWish => ({
  ...{ id, attributesPath },
  mode: modeWithSriov(mode),
});

const jobOf = ({ jobs }: BmcFacts, { id }: BmcNicFunction) =>
  jobs.find(({ name }) => isJobOfNicFunction(name, id));

const isAsked = (facts: BmcFacts, each: BmcNicFunction): boolean =>
  each.pendingMode === modeWithSriov(each.mode) && jobOf(facts, each) !== undefined;

/** A job seals what its function is to become. */
function foreignJob(host: string, facts: BmcFacts, each: BmcNicFunction): readonly Finding[] {
  const job = jobOf(facts, each);
  if (job === undefined || isAsked(facts, each)) return [];
  return [
    errorFinding("BMC_JOB_PENDING", {
      message: `another job for ${each.id} of ${host} waits for a boot`,
      found: `${job.id}: ${job.name}`,
      needs: `no job, or one for ${formatNicModes([wishOf(each)])}`,
    }),
  ];
}

/** A port that offers VFs is not off, whatever the BMC does not tell. */
const unknownFindings = (host: string, ports: readonly NicPort[]): readonly Finding[] =>
  ports
    .filter(({ pf, nicFunction }) => nicFunction === undefined && pf.totalVfs === 0)
    .map(({ pf }) =>
      errorFinding("NIC_FUNCTION_UNKNOWN", {
        message: `the BMC of ${host} does not tell the virtualization mode of ${pf.link.netdev}`,
        found: `no such function at ${pf.pciAddress}, and sriov_totalvfs 0`,
        needs: "VirtualizationMode=SRIOV",
      }),
    );

function blind(host: string, ports: readonly NicPort[]): readonly Finding[] {
  const without = ports.filter(({ pf }) => pf.totalVfs === 0);
  if (without.length === 0) return [];
  return [
    warningFinding("BIOS_NEEDS_BMC", {
      message: `the virtualization mode of NICs of ${host} can't be told`,
      found: `sriov_totalvfs 0 on ${without.map(({ pf }) => pf.pciAddress).join(", ")}, and no BMC`,
      needs: "the BMC, to look at VirtualizationMode",
    }),
  ];
}

/** How many VFs a port will offer can't be told while it is off: as many as there can be are taken. */
function afterModes(base: Inventory, wishes: readonly NicModeWish[]): Inventory {
  const { bmc } = base;
  const facts = bmc?.facts;
  if (bmc === undefined || facts === undefined) throw new RangeError("no BMC answers");
  const wished = new Map(wishes.map(({ id, mode }) => [id, mode]));
  const nicFunctions = (facts.nicFunctions ?? []).map((each) => {
    const mode = wished.get(each.id);
    return mode === undefined ? each : { ...each, mode, pendingMode: undefined };
  });
  const isOffElsewhere = facts.biosAttributes["SriovGlobalEnable"] === "Disabled";
  const withVfs = (pf: Pf): Pf => {
    const isTurnedOn = wished.has(findNicFunction(nicFunctions, pf)?.id ?? "");
    if (!isTurnedOn || isOffElsewhere || pf.totalVfs > 0) return pf;
    return { ...pf, totalVfs: LIMITS_OF_PROFILE.vfCountMax };
  };
  const jobs = facts.jobs.filter(
    ({ name }) => ![...wished.keys()].some((id) => isJobOfNicFunction(name, id)),
  );
  return {
    ...base,
    nics: base.nics.map((nic) => ({ ...nic, pfs: nic.pfs.map(withVfs) })),
    bmc: { ...bmc, facts: { ...facts, nicFunctions, jobs } },
  };
}
