import {
  type Finding,
  type Inventory,
  missingInEntries,
  SELINUX_OFF,
  type SystemFacts,
  type SystemSpec,
  wantedArguments,
} from "@switchyard/model";
import { errorFinding, warningFinding } from "../../findings/finding.ts";

export const unsupportedDistribution = (host: string, { os }: Inventory): Finding =>
  errorFinding("DISTRIBUTION_UNSUPPORTED", {
    message: `${host} runs a distribution that Switchyard does not know`,
    found: os.prettyName,
    needs: "RHEL, Rocky, Alma, CentOS, Oracle Linux, Debian or Ubuntu",
  });

/** A plan made without knowing what is there would do too much or too little. */
export function unknownFactFindings(
  host: string,
  spec: SystemSpec,
  facts: SystemFacts,
): readonly Finding[] {
  const asked: readonly (readonly [string, boolean, unknown])[] = [
    ["its repositories", spec.repositories.length > 0, facts.repositories],
    ["its packages", spec.packages.length > 0, facts.packages],
    ["its kernels", spec.updatesKernel, facts.kernels && facts.newestKernel],
    ["its boot entries", wantedArguments(spec).length > 0, facts.bootEntries],
    ["its kernel's arguments", wantedArguments(spec).length > 0, facts.kernelArguments],
    ["the modules it loads at boot", spec.modulesAtBoot.length > 0, facts.modulesAtBoot],
  ];
  return asked
    .filter(([, isAsked, value]) => isAsked && value === undefined)
    .map(([what]) =>
      errorFinding("SYSTEM_FACTS_MISSING", {
        message: `${host} does not tell ${what}`,
        found: `${what} could not be read`,
        needs: "an answer: without it the plan could do too much or too little",
      }),
    );
}

/** What turning SELinux off costs, said where a plan does it. */
export function selinuxWarning(
  host: string,
  spec: SystemSpec,
  facts: SystemFacts,
): readonly Finding[] {
  if (!spec.disablesSelinux) return [];
  if (missingInEntries(facts.bootEntries ?? [], [SELINUX_OFF]).length === 0) return [];
  return [
    warningFinding("SELINUX_WILL_BE_OFF", {
      message: `${host} will boot without SELinux`,
      found: `SELinux ${facts.selinux ?? "in an unknown state"}`,
      needs:
        "nothing: the profile asks for it. Labels of files go stale meanwhile, and turning it on again takes a full relabelling",
    }),
  ];
}
