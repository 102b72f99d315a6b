import type { VmId } from "@switchyard/model";
import type { RejectedHost } from "@switchyard/planner";
import { PreconditionError } from "../interceptors/precondition-error.ts";

/** Hosts named one by one; the rest is counted by filter, because error details travel in headers. */
const HOSTS_SHOWN_MAX = 20;

const describe = ({ found, needs, change }: RejectedHost): string =>
  `found ${found}; needs ${needs}; would do: ${change}`;

function countByFilter(reasons: readonly RejectedHost[]): Readonly<Record<string, string>> {
  const counts = new Map<string, number>();
  for (const { filter } of reasons) counts.set(filter, (counts.get(filter) ?? 0) + 1);
  return Object.fromEntries([...counts].map(([filter, n]) => [`refused_by_${filter}`, String(n)]));
}

/** NO_CAPACITY with, per host, the filter that it fails and the numbers. */
export function noCapacity(vm: VmId, reasons: readonly RejectedHost[]): PreconditionError {
  const shown = reasons.slice(0, HOSTS_SHOWN_MAX);
  const perHost = shown.map((reason) => [
    `hosts/${reason.host}`,
    `${reason.filter}: ${describe(reason)}`,
  ]);
  const counts = countByFilter(reasons);
  const summary = Object.entries(counts).map(
    ([key, n]) => `${key.slice("refused_by_".length)} ${n}`,
  );
  return new PreconditionError("NO_CAPACITY", `no host can take VM ${vm}`, {
    metadata: {
      subject: `vms/${vm}`,
      found: reasons.length === 0 ? "no host has reported" : `hosts refused: ${summary.join(", ")}`,
      needs: "one host that passes every filter",
      host_count: String(reasons.length),
      ...counts,
      ...Object.fromEntries(perHost),
    },
    violations: shown.map((reason) => ({
      type: reason.filter,
      subject: `hosts/${reason.host}`,
      description: describe(reason),
    })),
  });
}
