import { StoreError } from "@switchyard/model";

/** The etag of a row's version. */
export const etagOf = (revision: number): string => String(revision);

/** ETAG_STALE unless `asked` is empty or the row's own. */
export function etagTrouble(
  resource: string,
  asked: string,
  revision: number,
): StoreError | undefined {
  if (asked === "" || asked === etagOf(revision)) return undefined;
  return new StoreError("ETAG_STALE", `${resource} changed since it was read`, {
    found: asked,
    needs: etagOf(revision),
    try: "read it again and decide anew",
  });
}

/** @throws StoreError ETAG_STALE unless `asked` is empty or the row's own */
export function checkEtag(resource: string, asked: string, revision: number): void {
  const trouble = etagTrouble(resource, asked, revision);
  if (trouble !== undefined) throw trouble;
}
