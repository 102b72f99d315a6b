import { Image, ImageCopyState, JobState } from "@switchyard/proto";
import { jobIn } from "./fake-jobs.ts";

const image = Image.fromPartial({
  name: "images/rocky9",
  spec: { source: "https://images.example/rocky9", sha256: "ab".repeat(32), format: "qcow2" },
  cachedHostCount: 2,
  failedHostCount: 1,
});

const badCopy = {
  host: "hosts/r740-01",
  state: ImageCopyState.FAILED,
  job: "jobs/j1",
  failure: {
    reason: "IMAGE_BACKING_FILE",
    message: "the image stands on another file",
    metadata: { found: "/etc/shadow" },
    step: "01-ensureImage",
  },
};

/** One image, one of whose copies can't be had. */
export const imageAnswers = {
  createImage: () => image,
  getImage: () => image,
  deleteImage: () => image,
  fetchImage: () => jobIn(JobState.PENDING),
  listImages: () => ({ images: [image], nextPageToken: "" }),
  listImageCopies: () => ({ copies: [badCopy], nextPageToken: "" }),
};
