const SEGMENT = /\d+|[A-Za-z]+|[~^]/g;

/** What a segment sorts among: `~` before the end of the text, the end before `^`, then letters, then digits. */
function rankOf(segment: string | undefined): number {
  if (segment === "~") return 0;
  if (segment === undefined) return 1;
  if (segment === "^") return 2;
  return /^\d/.test(segment) ? 4 : 3;
}

function compareSegments(a: string | undefined, b: string | undefined): number {
  const rank = rankOf(a) - rankOf(b);
  if (rank !== 0 || a === undefined || b === undefined) return Math.sign(rank);
  if (!/^\d/.test(a)) return a < b ? -1 : Number(a > b);
  const [left, right] = [a.replace(/^0+/, ""), b.replace(/^0+/, "")];
  if (left.length !== right.length) return Math.sign(left.length - right.length);
  return left < right ? -1 : Number(left > right);
}

/**
 * Orders versions of packages and releases of kernels as rpm does: by runs of digits and of letters, whatever
 * stands between them. Debian's versions without an epoch come out in the same order.
 *
 * @returns below, at or above 0
 * @see rpm-version(7)
 */
export function comparePackageVersions(a: string, b: string): number {
  const left = a.match(SEGMENT) ?? [];
  const right = b.match(SEGMENT) ?? [];
  for (let at = 0; at < Math.max(left.length, right.length); at += 1) {
    const order = compareSegments(left[at], right[at]);
    if (order !== 0) return order;
  }
  return 0;
}
