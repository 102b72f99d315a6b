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
import type { ApiParts } from "../parts.ts";
import { checkRequestId } from "../validation/fields.ts";
import { readImageSpec } from "../validation/image.ts";
import { hostName, imageName } from "../validation/names.ts";
import { createViolations } from "../validation/violations.ts";
import { changing, watching } from "./methods.ts";
import { readName, readVersioned } from "./read-fields.ts";

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
  createImage: changing(parts, {
    takes: CreateImageRequest,
    gives: Image,
    read: readCreate,
    work: async (tx, draft) => toProtoImage(await tx.images.create(draft)),
  }),
  getImage: {
    role: "viewer",
    call: async ({ name }) =>
      toProtoImage(await parts.store.reads.images.get(readName("name", name, imageName))),
  },
  listImages: {
    role: "viewer",
    call: async (request) => {
      const { items, nextPageToken } = await parts.pager.read(request, { list: "images" }, (page) =>
        parts.store.reads.images.list(page),
      );
      return { images: items.map(toProtoImage), nextPageToken };
    },
  },
  deleteImage: changing(parts, {
    takes: DeleteImageRequest,
    gives: Image,
    read: (request) => readVersioned(request, imageName),
    work: async (tx, which) => toProtoImage(await tx.images.remove(which)),
  }),
  listImageCopies: {
    role: "viewer",
    call: async (request) => {
      const image = readName("image", request.image, imageName);
      const filter = { list: "image-copies", image };
      await parts.store.reads.images.get(image);
      const { items, nextPageToken } = await parts.pager.read(request, filter, (page) =>
        parts.store.reads.images.listCopies({ ...page, image }),
      );
      return { copies: items.map(toProtoImageCopy), nextPageToken };
    },
  },
  fetchImage: changing(parts, {
    takes: FetchImageRequest,
    gives: Job,
    read: readFetch,
    work: async (tx, wanted) => toProtoJob(await fetchImage(parts, tx, wanted)),
  }),
  watchImages: watching(parts, {
    kind: "images",
    from: (reads) => reads.images,
    show: (image) => ({ image: toProtoImage(image) }),
  }),
});
