import type { BiosAttributes, Bmc, BmcFacts } from "@switchyard/model";
import {
  BmcTrust,
  PowerState,
  type Bmc as ProtoBmc,
  type BmcFacts as ProtoBmcFacts,
} from "@switchyard/proto";

const TRUST = {
  "public-key": BmcTrust.PUBLIC_KEY,
  "ca-file": BmcTrust.CA_FILE,
  unverified: BmcTrust.UNVERIFIED,
} as const;

const POWER_STATE = {
  on: PowerState.ON,
  off: PowerState.OFF,
  "powering-on": PowerState.POWERING_ON,
  "powering-off": PowerState.POWERING_OFF,
} as const;

const toProtoAttributes = (attributes: BiosAttributes): Record<string, string> =>
  Object.fromEntries(Object.entries(attributes).map(([name, value]) => [name, String(value)]));

const toProtoFacts = (facts: BmcFacts): ProtoBmcFacts => ({
  model: facts.model,
  biosVersion: facts.biosVersion,
  powerState:
    facts.powerState === undefined ? PowerState.UNSPECIFIED : POWER_STATE[facts.powerState],
  biosAttributes: toProtoAttributes(facts.biosAttributes),
  pendingAttributes: toProtoAttributes(facts.pendingAttributes),
  jobs: facts.jobs.map(({ id, name, state, message }) => ({ id, title: name, state, message })),
  nicFunctions: (facts.nicFunctions ?? []).map(({ id, mac, mode, pendingMode = "" }) => ({
    ...{ id, macAddress: mac, virtualizationMode: mode, pendingMode },
  })),
});

export const toProtoBmc = ({ address, trust, facts }: Bmc): ProtoBmc => ({
  address,
  trust: TRUST[trust.kind],
  facts: facts && toProtoFacts(facts),
});
