import { RolloutSpec, RolloutVmPolicy } from "@switchyard/client";
import type { Command } from "commander";
import { resourceName } from "../../input/names.ts";
import { collect, parseInteger, parseLabels } from "../../input/pairs.ts";
import { UsageError } from "../../usage-error.ts";
import { addGateOptions, type GateOptions, gatesOf } from "./gate-flags.ts";

export interface RolloutOptions extends GateOptions {
  readonly profile?: readonly string[];
  readonly allHosts?: boolean;
  readonly selector?: readonly string[];
  readonly set?: readonly string[];
  readonly reboot?: string;
  readonly canary?: string;
  readonly waves?: string;
  readonly maxUnavailable?: string;
  readonly soak?: string;
  readonly failureBudget?: string;
  readonly autoRollBack?: boolean;
  readonly window?: string;
  readonly vms?: string;
  readonly domain?: string;
  readonly maxPerDomain?: string;
}

export function addRolloutOptions(command: Command): void {
  command
    .option("--profile <profile>", "whose hosts it goes over; may be repeated", collect)
    .option(
      "-l, --selector <key=value>",
      "hosts with this label, of any profile; may be repeated",
      collect,
    )
    .option("--all-hosts", "every host that has a profile")
    .option(
      "--set <key=value>",
      "hw-offload=true or false: written into profiles that differ",
      collect,
    )
    .option("--reboot <reason>", "boot every host")
    .option("--canary <n>", "hosts of the first wave; one of every class of hardware is in it")
    .option("--waves <n>", "waves after the canary")
    .option("--max-unavailable <n|n%>", "hosts that may be down at once, for whatever reason")
    .option("--soak <seconds>", "between the end of a wave and the next")
    .option("--failure-budget <n>", "hosts that may fail before it halts")
    .option("--auto-roll-back", "bring its hosts back by itself when it halts")
    .option("--vms <policy>", "of running VMs in the way: refuse (default), stop, drain")
    .option("--window <HH:MM+MINUTES>", "begin hosts only then, every day, by UTC")
    .option("--domain <label>", "hosts with one value of it are one failure domain: rack")
    .option("--max-per-domain <n>", "hosts of each domain that may be down at once; default 1");
  addGateOptions(command);
}

const WORDS: Readonly<Record<string, boolean>> = { true: true, on: true, false: false, off: false };

/** @throws UsageError */
function hwOffloadOf(set: readonly string[] = []): boolean | undefined {
  let hwOffload: boolean | undefined;
  for (const [key, value] of Object.entries(parseLabels(set))) {
    if (key !== "hw-offload") {
      throw new UsageError(`"${key}" can't be set by a rollout; hw-offload can`);
    }
    hwOffload = WORDS[value];
    if (hwOffload === undefined)
      throw new UsageError(`hw-offload is true or false, not "${value}"`);
  }
  return hwOffload;
}

/** @throws UsageError */
function unavailableOf(text: string) {
  return text.endsWith("%")
    ? { maxUnavailablePercent: parseInteger(text.slice(0, -1)) }
    : { maxUnavailableCount: parseInteger(text) };
}

/** @throws UsageError */
function windowOf(text: string) {
  const [, hours, minutes, duration] = /^(\d{1,2}):(\d{2})\+(\d{1,4})$/.exec(text) ?? [];
  if (hours === undefined || minutes === undefined || duration === undefined) {
    throw new UsageError(`"${text}" is no window; write it as 22:00+120`);
  }
  return {
    startMinute: Number(hours) * 60 + Number(minutes),
    durationMinutes: Number(duration),
  };
}

const VM_POLICIES: Readonly<Record<string, RolloutVmPolicy>> = {
  refuse: RolloutVmPolicy.REFUSE,
  stop: RolloutVmPolicy.STOP,
  drain: RolloutVmPolicy.DRAIN,
};

/** @throws UsageError */
function vmPolicyOf(text: string): RolloutVmPolicy {
  const policy = VM_POLICIES[text];
  if (policy === undefined) {
    throw new UsageError(`"${text}" is no policy for VMs; refuse, stop and drain are`);
  }
  return policy;
}

/** Nothing at all must not come to mean everything. @throws UsageError */
function scopeOf({ profile: profiles = [], selector, allHosts = false }: RolloutOptions) {
  const labels = parseLabels(selector);
  const isNarrowed = profiles.length > 0 || Object.keys(labels).length > 0;
  if (!isNarrowed && !allHosts) {
    throw new UsageError("say what it goes over: --selector, --profile or --all-hosts");
  }
  if (isNarrowed && allHosts) {
    throw new UsageError("--all-hosts goes over every host; leave --profile and --selector out");
  }
  return {
    profiles: profiles.map((profile) => resourceName("profiles", profile)),
    selector: labels,
    allHosts,
  };
}

/** @throws UsageError */
export function rolloutSpecOf(options: RolloutOptions): RolloutSpec {
  const { canary, waves, maxUnavailable, soak, failureBudget, window } = options;
  const { domain, maxPerDomain } = options;
  const hwOffload = hwOffloadOf(options.set);
  return RolloutSpec.fromPartial({
    ...scopeOf(options),
    change: {
      ...(hwOffload !== undefined && { hwOffload }),
      rebootReason: options.reboot ?? "",
    },
    strategy: {
      ...(canary !== undefined && { canaryCount: parseInteger(canary) }),
      ...(waves !== undefined && { waveCount: parseInteger(waves) }),
      ...(maxUnavailable !== undefined && unavailableOf(maxUnavailable)),
      ...(soak !== undefined && { soak: { seconds: BigInt(parseInteger(soak)), nanos: 0 } }),
      ...(failureBudget !== undefined && { failureBudget: parseInteger(failureBudget) }),
      autoRollBack: options.autoRollBack === true,
      ...(options.vms !== undefined && { vmPolicy: vmPolicyOf(options.vms) }),
      ...(window !== undefined && { window: windowOf(window) }),
      domainLabel: domain ?? "",
      ...(maxPerDomain !== undefined && { domainMaxUnavailable: parseInteger(maxPerDomain) }),
      gates: gatesOf(options),
    },
  });
}
