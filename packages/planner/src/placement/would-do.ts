import { compareText, type Resident } from "./candidate.ts";

/** VMs named at most: deleting more is no advice. */
const NAMES_MAX = 3;

/**
 * The VMs whose end would give back at least `short`: one, the smallest that will do, else the largest few.
 * Undefined where three are not enough.
 */
export function leastToRemove(
  residents: readonly Resident[],
  short: number,
  take: (vm: Resident) => number,
): readonly string[] | undefined {
  const bySize = [...residents].sort(
    (left, right) => take(left) - take(right) || compareText(left.vm, right.vm),
  );
  const one = bySize.find((vm) => take(vm) >= short);
  if (one !== undefined) return [one.vm];
  const chosen = bySize.slice(-NAMES_MAX).reverse();
  let given = 0;
  const names: string[] = [];
  for (const vm of chosen) {
    given += take(vm);
    names.push(vm.vm);
    if (given >= short) return names;
  }
  return undefined;
}
