import type { HostId, ImageId, JobId } from "@switchyard/model";
import { newUuid } from "@switchyard/runtime";
import type { JobRecord, Transaction } from "@switchyard/store";
import { JOB_TTL_MS } from "../jobs/job-ttl.ts";
import type { ApiParts } from "../parts.ts";
import { imageName } from "../validation/names.ts";

/** Notes that a job brings the image to its host, which the job's end settles. */
export const noteFetch = (
  tx: Transaction,
  { image, job }: { readonly image: ImageId; readonly job: JobRecord },
): Promise<void> => tx.images.setCopy({ image, host: job.host, state: "fetching", job: job.id });

/**
 * Makes the job that brings an image to a host. One that is there already ends at once.
 *
 * @throws StoreError IMAGE_NOT_FOUND, HOST_NOT_FOUND
 */
export async function fetchImage(
  parts: ApiParts,
  tx: Transaction,
  wanted: { readonly image: ImageId; readonly host: HostId },
): Promise<JobRecord> {
  const image = await tx.images.get(wanted.image);
  const job = await tx.jobs.create({
    id: newUuid(parts.clock, parts.random) as JobId,
    host: wanted.host,
    spec: { kind: "fetch-image", image: { image: image.id, spec: image.spec } },
    subject: imageName.format(image.id),
    ttlMs: JOB_TTL_MS,
  });
  await noteFetch(tx, { image: image.id, job });
  return job;
}
