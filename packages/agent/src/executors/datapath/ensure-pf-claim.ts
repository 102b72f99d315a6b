import { pfClaimPath, stamp } from "@switchyard/model";
import { ensure, type StepContext } from "../executor.ts";

type Context = Pick<StepContext, "host" | "job" | "epoch">;

const setClaim = (
  { host, job, epoch }: Context,
  path: string,
  isClaimed: boolean,
): Promise<void> =>
  isClaimed ? host.replaceFile(path, `${stamp(job, epoch)}\n`) : host.remove(path);

/** The file says which job claimed the PF; only that it is there counts. */
export const ensurePfClaim = ensure<"ensurePfClaim", { readonly isClaimed: boolean }>({
  read: async ({ host }, { pf }) => ({ isClaimed: await host.exists(pfClaimPath(pf)) }),
  isSatisfied: (state, { isClaimed }) => state.isClaimed === isClaimed,
  apply: (context, { pf, isClaimed }) => setClaim(context, pfClaimPath(pf), isClaimed),
  undo: async (context, { pf }, before) => {
    const path = pfClaimPath(pf);
    if ((await context.host.exists(path)) === before.isClaimed) return;
    await setClaim(context, path, before.isClaimed);
  },
  failure: "FILE_ACCESS_FAILED",
  movesDevices: true,
});
