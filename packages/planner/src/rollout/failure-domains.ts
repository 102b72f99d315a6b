import type { FailureDomain } from "@switchyard/model";
import { isUnderWay, type RolloutHostView } from "./rollout-view.ts";

/**
 * As many of the candidates, in order, as leave every domain within its bound.
 *
 * @param hosts all of the rollout: those that are down count in their domain
 */
export function withinDomains(
  candidates: readonly RolloutHostView[],
  hosts: readonly RolloutHostView[],
  limit: FailureDomain | undefined,
): readonly RolloutHostView[] {
  if (limit === undefined) return candidates;
  const down = new Map<string, number>();
  const add = (domain: string) => down.set(domain, (down.get(domain) ?? 0) + 1);
  for (const host of hosts) if (isUnderWay(host) || !host.isUp) add(host.domain);
  return candidates.filter(({ domain }) => {
    if ((down.get(domain) ?? 0) >= limit.maxUnavailable) return false;
    add(domain);
    return true;
  });
}
