import type { Change } from "@switchyard/store";

/**
 * The last change of every record, in the order of those last changes. A record that was made and changed
 * counts as made, with its newest content; one that was made and deleted was never there. One that was
 * deleted and made anew counts as changed, since its reader has the old one.
 */
export function coalesce<C extends Pick<Change, "kind" | "key" | "operation">>(
  changes: readonly C[],
): readonly C[] {
  const byKey = new Map<string, { readonly first: C["operation"]; readonly last: C }>();
  for (const change of changes) {
    const key = `${change.kind}/${change.key}`;
    const before = byKey.get(key);
    byKey.delete(key);
    byKey.set(key, { first: before?.first ?? change.operation, last: change });
  }
  return [...byKey.values()].flatMap(({ first, last }) => {
    const wasThere = first !== "created";
    if (last.operation === "deleted") return wasThere ? [last] : [];
    return [{ ...last, operation: wasThere ? "updated" : "created" } as C];
  });
}
