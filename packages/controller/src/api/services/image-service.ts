import { parseImageId } from "@switchyard/model";
import {
  CreateImageRequest,
  DeleteImageRequest,
  FetchImageRequest,
  Image,
  type ImageServiceService,
  Job,
} from "@switchyard/proto";
import { toProtoImage, toProtoImageCopy } from "../convert/image.ts";
import { toProtoJob } from "../convert/job.ts";
import { fetchImage } from "../images/fetch-image.ts";
import type { MethodsOf } from "../interceptors/service.ts";
import { listAll } from "../list-all.ts";
import { mutate } from "../mutation.ts";
import type { ApiParts } from "../parts.ts";
import { checkRequestId } from "../validation/fields.ts";
import { readImageSpec } from "../validation/image.ts";
import { hostName, imageName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { toWatchEvents, watchRecords } from "../watch/watch.ts";
import { SNAPSHOT_MAX } from "./limits.ts";
import { readName, readNamed } from "./read-fields.ts";

function readCreate(request: CreateImageRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const id = violations.parse("image_id", request.imageId, parseImageId);
  const spec = readImageSpec(request.image?.spec, violations.at("image.spec"));
  violations.assertNone();
  return { id: id!, spec: spec! }; // no violations: both were read
}

function readFetch(request: FetchImageRequest) {
  const violations = createViolations();
  checkRequestId(request.requestId, violations);
  const image = violations.parse("name", request.name, imageName.parse);
  const host = violations.parse("host", request.host, hostName.parse);
  violations.assertNone();
  return { image: image!, host: host! }; // no violations: both were read
}

export const createImageService = (parts: ApiParts): MethodsOf<typeof ImageServiceService> => ({
  createImage: {
    role: "operator",
    call: async (request, context) => {
      const draft = readCreate(request);
      return mutate(parts, {
        context,
        request,
        requestType: CreateImageRequest,
        responseType: Image,
        work: async (tx) => toProtoImage(await tx.images.create(draft)),
      });
    },
  },
  getImage: {
    role: "viewer",
    call: async ({ name }) =>
      toProtoImage(await parts.store.reads.images.get(readName("name", name, imageName))),
  },
  listImages: {
    role: "viewer",
    call: async (request) => {
      const filter = { list: "images" };
      const page = parts.pager.pageOf(request, filter);
      const { items, next } = await parts.store.reads.images.list(page);
      return { images: items.map(toProtoImage), nextPageToken: parts.pager.tokenOf(next, filter) };
    },
  },
  deleteImage: {
    role: "operator",
    call: async (request, context) => {
      const id = readNamed(request, imageName);
      return mutate(parts, {
        context,
        request,
        requestType: DeleteImageRequest,
        responseType: Image,
        work: async (tx) => toProtoImage(await tx.images.remove({ id, etag: request.etag })),
      });
    },
  },
  listImageCopies: {
    role: "viewer",
    call: async (request) => {
      const image = readName("image", request.image, imageName);
      const filter = { list: "image-copies", image };
      const page = parts.pager.pageOf(request, filter);
      await parts.store.reads.images.get(image);
      const { items, next } = await parts.store.reads.images.listCopies({ ...page, image });
      return {
        copies: items.map(toProtoImageCopy),
        nextPageToken: parts.pager.tokenOf(next, filter),
      };
    },
  },
  fetchImage: {
    role: "operator",
    call: async (request, context) => {
      const wanted = readFetch(request);
      return mutate(parts, {
        context,
        request,
        requestType: FetchImageRequest,
        responseType: Job,
        work: async (tx) => toProtoJob(await fetchImage(parts, tx, wanted)),
      });
    },
  },
  watchImages: {
    role: "viewer",
    stream: async function* ({ resumeToken }, context) {
      const items = watchRecords(parts, {
        context,
        kind: "images",
        resumeToken,
        filter: {},
        list: (reads) => listAll((page) => reads.images.list(page), SNAPSHOT_MAX),
      });
      yield* toWatchEvents(items, (item) => ({ image: toProtoImage(item) }));
    },
  },
});
