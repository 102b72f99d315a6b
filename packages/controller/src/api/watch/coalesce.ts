import type { Change } from "./change-hub.ts";

/**
 * The last change of every key, in the order of those last changes. A record that was made and changed
 * counts as made, with its newest content; one that was made and deleted was never there. One that was
 * deleted and made anew counts as changed, since its reader has the old one.
 */
export function coalesce(changes: readonly Change[]): readonly Change[] {
  const byKey = new Map<string, { readonly firstOp: Change["op"]; readonly last: Change }>();
  for (const change of changes) {
    const key = `${change.kind}/${change.key}`;
    const before = byKey.get(key);
    byKey.delete(key);
    byKey.set(key, { firstOp: before?.firstOp ?? change.op, last: change });
  }
  return [...byKey.values()].flatMap(({ firstOp, last }) => {
    const wasThere = firstOp !== "created";
    const isThere = last.op !== "deleted";
    if (!wasThere && !isThere) return [];
    return [{ ...last, op: isThere ? (wasThere ? "updated" : "created") : "deleted" } as const];
  });
}
