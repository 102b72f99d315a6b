import { StoreError } from "@switchyard/model";

/** The etag of a row's version. */
export const etagOf = (revision: number): string => String(revision);

/** @throws StoreError ETAG_STALE unless `asked` is empty or the row's own */
export function checkEtag(resource: string, asked: string, revision: number): void {
  if (asked === "" || asked === etagOf(revision)) return;
  throw new StoreError("ETAG_STALE", `${resource} changed since it was read`, {
    found: asked,
    needs: etagOf(revision),
    try: "read it again and decide anew",
  });
}
