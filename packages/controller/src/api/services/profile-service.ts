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
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { observedHost } from "../plans/create-plan.ts";
import { diffProfile } from "../plans/diff-profile.ts";
import { refuseWhileRolledOut } from "../rollouts/steer-rollout.ts";
import { checkRequestId } from "../validation/fields.ts";
import { hostName, profileName } from "../validation/names.ts";
import { readProfileSpec } from "../validation/profile.ts";
import { createViolations } from "../validation/violations.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { readName, readNamed } from "./read-fields.ts";

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
        const filter = { list: "profiles" };
        const { items, next } = await reads.profiles.list(parts.pager.pageOf(request, filter));
        return {
          profiles: await Promise.all(items.map((profile) => withHosts(reads, profile))),
          nextPageToken: parts.pager.tokenOf(next, filter),
        };
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
    watchProfiles: {
      role: "viewer",
      stream: async function* ({ resumeToken }, context) {
        const { reads } = parts.store;
        const items = watchRecords(parts, {
          context,
          kind: "profiles",
          resumeToken,
          filter: {},
          list: (at) => listAll((page) => at.profiles.list(page), SNAPSHOT_MAX),
        });
        yield* toWatchEvents(items, async (item) => ({ profile: await withHosts(reads, item) }));
      },
    },
  }) satisfies Partial<MethodsOf<typeof ProfileServiceService>>;

export const createProfileService = (parts: ApiParts): MethodsOf<typeof ProfileServiceService> => ({
  ...createReads(parts),
  createProfile: {
    role: "operator",
    call: async (request, context) => {
      const draft = readCreate(request);
      return mutate(parts, {
        context,
        request,
        requestType: CreateProfileRequest,
        responseType: Profile,
        work: async (tx) => withHosts(tx, await tx.profiles.create(draft)),
      });
    },
  },
  updateProfile: {
    role: "operator",
    call: async (request, context) => {
      const change = readUpdate(request);
      return mutate(parts, {
        context,
        request,
        requestType: UpdateProfileRequest,
        responseType: Profile,
        work: async (tx) => {
          await tx.profiles.lock(change);
          await refuseWhileRolledOut(tx, change.id);
          await refuseWhileMeasured(tx, change.id);
          return withHosts(tx, await tx.profiles.update(change));
        },
      });
    },
  },
  deleteProfile: {
    role: "operator",
    call: async (request, context) => {
      const id = readNamed(request, profileName);
      return mutate(parts, {
        context,
        request,
        requestType: DeleteProfileRequest,
        responseType: Profile,
        work: async (tx) => {
          await tx.profiles.lock({ id, etag: request.etag });
          await refuseWhileRolledOut(tx, id);
          await refuseWhileMeasured(tx, id);
          return withHosts(tx, await tx.profiles.remove({ id, etag: request.etag }));
        },
      });
    },
  },
});
