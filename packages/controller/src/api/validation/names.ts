import {
  type ExperimentId,
  type HostId,
  type ImageId,
  InvalidInputError,
  type JobId,
  type MoveId,
  type NetworkId,
  type PlanId,
  type ProfileId,
  parseExperimentId,
  parseHostId,
  parseImageId,
  parseJobId,
  parseMoveId,
  parseNetworkId,
  parsePlanId,
  parseProfileId,
  parseRolloutId,
  parseVmId,
  type RolloutId,
  type VmId,
} from "@switchyard/model";

/** A collection and the grammar of its members' ids: `hosts/{host}`. */
interface NameGrammar<Id extends string> {
  /** @throws InvalidInputError NAME_MALFORMED, ID_MALFORMED */
  parse(name: string): Id;
  format(id: string): string;
}

function grammar<Id extends string>(
  collection: string,
  parseId: (text: string) => Id,
): NameGrammar<Id> {
  const prefix = `${collection}/`;
  return {
    parse: (name) => {
      if (name.startsWith(prefix)) return parseId(name.slice(prefix.length));
      throw new InvalidInputError("NAME_MALFORMED", `"${name}" is no name in ${collection}`, {
        found: name,
        needs: `${collection}/{id}`,
      });
    },
    format: (id) => `${prefix}${id}`,
  };
}

export const hostName: NameGrammar<HostId> = grammar("hosts", parseHostId);
export const profileName: NameGrammar<ProfileId> = grammar("profiles", parseProfileId);
export const planName: NameGrammar<PlanId> = grammar("plans", parsePlanId);
export const jobName: NameGrammar<JobId> = grammar("jobs", parseJobId);
export const moveName: NameGrammar<MoveId> = grammar("moves", parseMoveId);
export const networkName: NameGrammar<NetworkId> = grammar("networks", parseNetworkId);
export const imageName: NameGrammar<ImageId> = grammar("images", parseImageId);
export const rolloutName: NameGrammar<RolloutId> = grammar("rollouts", parseRolloutId);
export const experimentName: NameGrammar<ExperimentId> = grammar("experiments", parseExperimentId);
export const vmName: NameGrammar<VmId> = grammar("vms", parseVmId);
