import type { ImageSpec } from "@switchyard/model";
import {
  type Image,
  type ImageCopy,
  ImageCopyState,
  type ImageSpec as ProtoImageSpec,
} from "@switchyard/proto";
import type { ImageCopyRecord, ImageRecord } from "@switchyard/store";
import { hostName, imageName, jobName } from "../validation/names.ts";
import { toProtoFailure } from "./job-event.ts";

const COPY_STATE = {
  fetching: ImageCopyState.FETCHING,
  cached: ImageCopyState.CACHED,
  failed: ImageCopyState.FAILED,
} as const satisfies Readonly<Record<ImageCopyRecord["state"], ImageCopyState>>;

const toProtoImageSpec = (spec: ImageSpec): ProtoImageSpec => ({
  source: spec.source,
  sha256: spec.sha256,
  sizeBytesMax: BigInt(spec.sizeBytesMax),
  format: spec.format,
  virtualSizeBytesMax: BigInt(spec.virtualSizeBytesMax),
  packages: [...(spec.packages ?? [])],
  architecture: spec.architecture ?? "",
});

export const toProtoImage = (image: ImageRecord): Image => ({
  name: imageName.format(image.id),
  uid: image.uid,
  etag: image.etag,
  createTime: new Date(image.createdAtMs),
  spec: toProtoImageSpec(image.spec),
  fetchingHostCount: image.copyCounts.fetching,
  cachedHostCount: image.copyCounts.cached,
  failedHostCount: image.copyCounts.failed,
  vmCount: image.vmCount,
});

export const toProtoImageCopy = (copy: ImageCopyRecord): ImageCopy => ({
  host: hostName.format(copy.host),
  state: COPY_STATE[copy.state],
  job: jobName.format(copy.job),
  updateTime: new Date(copy.updatedAtMs),
  failure: copy.failure && toProtoFailure(copy.failure),
});
