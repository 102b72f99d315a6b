import type { HostId } from "@switchyard/model";
import type { Profile } from "@switchyard/proto";
import type { ProfileRecord } from "@switchyard/store";
import { hostName, profileName } from "../validation/names.ts";
import { toProtoProfileSpec } from "./profile-spec.ts";

export const toProtoProfile = (
  profile: ProfileRecord,
  matchedHosts: readonly HostId[],
): Profile => ({
  name: profileName.format(profile.id),
  uid: profile.uid,
  etag: profile.etag,
  generation: BigInt(profile.generation),
  createTime: new Date(profile.createdAtMs),
  updateTime: new Date(profile.updatedAtMs),
  spec: toProtoProfileSpec(profile.spec),
  matchedHosts: matchedHosts.map((host) => hostName.format(host)),
});
