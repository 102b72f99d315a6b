import {
  type FailureDomain,
  LIMITS_OF_ROLLOUT,
  type MaintenanceWindow,
  type MaxUnavailable,
  type RolloutChange,
  type RolloutSpec,
  type RolloutStrategy,
  type RolloutVmPolicy,
} from "@switchyard/model";
import {
  type RolloutChange as ProtoChange,
  type RolloutSpec as ProtoSpec,
  RolloutStrategy as ProtoStrategy,
  RolloutVmPolicy as ProtoVmPolicy,
} from "@switchyard/proto";
import { fromProtoDuration } from "../convert/duration.ts";
import { checkInteger, checkLabels, checkText, readCount } from "./fields.ts";
import { profileName } from "./names.ts";
import { readGates } from "./rollout-gates.ts";
import type { Violations } from "./violations.ts";

const MINUTES_PER_DAY = 1440;

function readUnavailable(strategy: ProtoStrategy, violations: Violations): MaxUnavailable {
  const { maxUnavailableCount: count, maxUnavailablePercent: percent } = strategy;
  violations.check(
    count === 0 || percent === 0,
    "max_unavailable_percent",
    "is given beside max_unavailable_count; give one of them",
  );
  if (percent !== 0) {
    checkInteger(violations, "max_unavailable_percent", { value: percent, min: 1, max: 100 });
    return { kind: "percent", percent };
  }
  const max = LIMITS_OF_ROLLOUT.hostsMax;
  const value = readCount(violations, "max_unavailable_count", { value: count, byDefault: 1, max });
  return { kind: "count", count: value };
}

function readSoak({ soak }: ProtoStrategy, violations: Violations): number {
  if (soak === undefined) return LIMITS_OF_ROLLOUT.soakMsDefault;
  const ms = fromProtoDuration(soak);
  const max = LIMITS_OF_ROLLOUT.soakMsMax;
  violations.check(ms >= 0 && ms <= max, "soak", `must be 0 s to ${max / 1000} s`);
  return ms;
}

function readWindow(
  { window }: ProtoStrategy,
  violations: Violations,
): MaintenanceWindow | undefined {
  if (window === undefined) return undefined;
  const { startMinute, durationMinutes } = window;
  const at = violations.at("window");
  checkInteger(at, "start_minute", { value: startMinute, min: 0, max: MINUTES_PER_DAY - 1 });
  checkInteger(at, "duration_minutes", { value: durationMinutes, min: 1, max: MINUTES_PER_DAY });
  return { startMinute, durationMinutes };
}

function readDomain(strategy: ProtoStrategy, violations: Violations): FailureDomain | undefined {
  const { domainLabel: label, domainMaxUnavailable: value } = strategy;
  if (label === "") {
    violations.check(value === 0, "domain_max_unavailable", "needs domain_label");
    return undefined;
  }
  checkLabels({ [label]: "" }, violations, "domain_label");
  const count = { value, byDefault: 1, max: LIMITS_OF_ROLLOUT.hostsMax };
  return { label, maxUnavailable: readCount(violations, "domain_max_unavailable", count) };
}

/** A strategy that says nothing is careful: one canary, then all others one by one. */
const CAREFUL = ProtoStrategy.create();

const VM_POLICIES: ReadonlyMap<ProtoVmPolicy, RolloutVmPolicy> = new Map([
  [ProtoVmPolicy.UNSPECIFIED, "refuse"],
  [ProtoVmPolicy.REFUSE, "refuse"],
  [ProtoVmPolicy.STOP, "stop"],
  [ProtoVmPolicy.DRAIN, "drain"],
]);

function readStrategy(strategy: ProtoStrategy, violations: Violations): RolloutStrategy {
  const { canaryMax, wavesMax, hostsMax } = LIMITS_OF_ROLLOUT;
  const { failureBudget } = strategy;
  checkInteger(violations, "failure_budget", { value: failureBudget, min: 0, max: hostsMax });
  const window = readWindow(strategy, violations);
  const domain = readDomain(strategy, violations);
  const soakMs = readSoak(strategy, violations);
  const gates = readGates(strategy.gates, soakMs, violations);
  const vmPolicy = VM_POLICIES.get(strategy.vmPolicy);
  violations.check(vmPolicy !== undefined, "vm_policy", "must be REFUSE, STOP or DRAIN");
  return {
    canaryCount: readCount(violations, "canary_count", {
      value: strategy.canaryCount,
      byDefault: 1,
      max: canaryMax,
    }),
    waveCount: readCount(violations, "wave_count", {
      value: strategy.waveCount,
      byDefault: 1,
      max: wavesMax,
    }),
    maxUnavailable: readUnavailable(strategy, violations),
    soakMs,
    failureBudget,
    isRolledBackOnHalt: strategy.autoRollBack,
    vmPolicy: vmPolicy ?? "refuse",
    ...(window !== undefined && { window }),
    ...(domain !== undefined && { domain }),
    ...(gates.length > 0 && { gates }),
  };
}

function readChange(change: ProtoChange | undefined, violations: Violations): RolloutChange {
  const { hwOffload, rebootReason = "" } = change ?? {};
  if (rebootReason !== "") {
    checkText(violations, "reboot_reason", rebootReason, LIMITS_OF_ROLLOUT.reasonLengthMax);
  }
  return {
    ...(hwOffload !== undefined && { hwOffload }),
    ...(rebootReason !== "" && { rebootReason }),
  };
}

/** What it goes over; nothing at all must not come to mean everything. */
function readScope(
  spec: ProtoSpec,
  violations: Violations,
): Pick<RolloutSpec, "profiles" | "selector" | "isWholeFleet"> {
  const { profile, selector, allHosts } = spec;
  const names = [...new Set([...spec.profiles, ...(profile === "" ? [] : [profile])])];
  const max = LIMITS_OF_ROLLOUT.profilesMax;
  violations.check(names.length <= max, "profiles", `has more than ${max} entries`);
  const profiles = names
    .slice(0, max)
    .flatMap((name, at) => violations.parse(`profiles[${at}]`, name, profileName.parse) ?? []);
  checkLabels(selector, violations, "selector");
  const isNarrowed = names.length > 0 || Object.keys(selector).length > 0;
  violations.check(
    isNarrowed || allHosts,
    "selector",
    "is needed where no profile is named; all_hosts goes over every host that has a profile",
  );
  violations.check(
    !(isNarrowed && allHosts),
    "all_hosts",
    "is given beside profiles or a selector; give one of them",
  );
  return { profiles, selector, ...(allHosts && { isWholeFleet: true }) };
}

/** The rollout's spec as the model has it; undefined when there is none. */
export function readRolloutSpec(
  spec: ProtoSpec | undefined,
  violations: Violations,
): RolloutSpec | undefined {
  if (spec === undefined) {
    violations.add("", "is required");
    return undefined;
  }
  const scope = readScope(spec, violations);
  const change = readChange(spec.change, violations.at("change"));
  const strategy = readStrategy(spec.strategy ?? CAREFUL, violations.at("strategy"));
  return { ...scope, change, strategy };
}
