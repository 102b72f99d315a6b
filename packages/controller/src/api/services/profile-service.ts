import { parseProfileId } from "@switchyard/model";
import { describeHost } from "@switchyard/planner";
import {
  CreateProfileRequest,
  DeleteProfileRequest,
  Profile,
  type ProfileServiceService,
  UpdateProfileRequest,
} from "@switchyard/proto";
import type { ProfileRecord, Reads } from "@switchyard/store";
import { toProtoFinding } from "../convert/finding.ts";
import { toProtoProfile } from "../convert/profile.ts";
import { toProtoProfileSpec } from "../convert/profile-spec.ts";
import { refuseWhileMeasured } from "../experiments/create-experiment.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import type { ApiParts } from "../parts.ts";
import { observedHost } from "../plans/create-plan.ts";
import { diffProfile } from "../plans/diff-profile.ts";
import { refuseWhileRolledOut } from "../rollouts/steer-rollout.ts";
import { checkRequestId } from "../validation/fields.ts";
import { hostName, profileName } from "../validation/names.ts";
import { readProfileSpec } from "../validation/profile.ts";
import { createViolations } from "../validation/violations.ts";
import { changing, watching } from "./methods.ts";
import { readName, readVersioned } from "./read-fields.ts";

function readCreate(request: CreateProfileRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("profile_id", request.profileId, parseProfileId);
  const spec = readProfileSpec(request.profile?.spec, violations.at("profile.spec"));
  violations.assertNone();
  return { id: id!, spec: spec! }; // no violations: both were read
}

function readUpdate(request: UpdateProfileRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("profile.name", request.profile?.name ?? "", profileName.parse);
  const spec = readProfileSpec(request.profile?.spec, violations.at("profile.spec"));
  violations.assertNone();
  return { id: id!, etag: request.profile?.etag ?? "", spec: spec! }; // no violations: both were read
}

/** The profile with the hosts that it matches now. */
async function withHosts(reads: Pick<Reads, "hosts">, profile: ProfileRecord): Promise<Profile> {
  return toProtoProfile(profile, await reads.hosts.listMatching(profile.spec.selector));
}

const createReads = (parts: ApiParts) =>
  ({
    getProfile: {
      role: "viewer",
      call: async ({ name }) => {
        const { reads } = parts.store;
        return withHosts(reads, await reads.profiles.get(readName("name", name, profileName)));
      },
    },
    listProfiles: {
      role: "viewer",
      call: async (request) => {
        const { reads } = parts.store;
        const { items, nextPageToken } = await parts.pager.read(
          request,
          { list: "profiles" },
          (page) => reads.profiles.list(page),
        );
        const profiles = await Promise.all(items.map((profile) => withHosts(reads, profile)));
        return { profiles, nextPageToken };
      },
    },
    diffProfile: {
      role: "viewer",
      call: async ({ name }, context) =>
        diffProfile(parts, { id: readName("name", name, profileName), actor: context.caller.name }),
    },
    describeHost: {
      role: "viewer",
      call: async (request) => {
        const host = readName("host", request.host, hostName);
        const record = observedHost(await parts.store.reads.hosts.get(host));
        const { spec, findings } = describeHost({
          host: record.id,
          selector: record.labels,
          observed: record.inventory,
          applied: record.appliedDesired,
        });
        return { spec: spec && toProtoProfileSpec(spec), findings: findings.map(toProtoFinding) };
      },
    },
    watchProfiles: watching(parts, {
      kind: "profiles",
      from: (reads) => reads.profiles,
      show: async (profile) => ({ profile: await withHosts(parts.store.reads, profile) }),
    }),
  }) satisfies Partial<MethodsOf<typeof ProfileServiceService>>;

export const createProfileService = (parts: ApiParts): MethodsOf<typeof ProfileServiceService> => ({
  ...createReads(parts),
  createProfile: changing(parts, {
    takes: CreateProfileRequest,
    gives: Profile,
    read: readCreate,
    work: async (tx, draft) => withHosts(tx, await tx.profiles.create(draft)),
  }),
  updateProfile: changing(parts, {
    takes: UpdateProfileRequest,
    gives: Profile,
    read: readUpdate,
    work: async (tx, change) => {
      await tx.profiles.lock(change);
      await refuseWhileRolledOut(tx, change.id);
      await refuseWhileMeasured(tx, change.id);
      return withHosts(tx, await tx.profiles.update(change));
    },
  }),
  deleteProfile: changing(parts, {
    takes: DeleteProfileRequest,
    gives: Profile,
    read: (request) => readVersioned(request, profileName),
    work: async (tx, which) => {
      await tx.profiles.lock(which);
      await refuseWhileRolledOut(tx, which.id);
      await refuseWhileMeasured(tx, which.id);
      return withHosts(tx, await tx.profiles.remove(which));
    },
  }),
});
