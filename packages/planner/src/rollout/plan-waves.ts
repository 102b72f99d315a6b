import { digestOf, type RolloutPlace, type RolloutStrategy } from "@switchyard/model";

export type HostOfClass = Omit<RolloutPlace, "wave">;

/** A change that is fine on a class by one profile may not be by another. */
const classOf = ({ profile, hardwareClass }: HostOfClass): string => `${profile}/${hardwareClass}`;

/** By a hash of the name, so that neighbours in a rack are not first together; always the same order. */
const byHash = (left: HostOfClass, right: HostOfClass): number => {
  const [a, b] = [digestOf(left.host), digestOf(right.host)];
  return a < b ? -1 : a > b ? 1 : 0;
};

/** One of each class in turn, as long as there are any. */
function interleave(hosts: readonly HostOfClass[]): readonly HostOfClass[] {
  const classes = new Map<string, HostOfClass[]>();
  for (const host of [...hosts].sort(byHash)) {
    const of = classes.get(classOf(host));
    if (of === undefined) classes.set(classOf(host), [host]);
    else of.push(host);
  }
  const queues = [...classes].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, queue]) => queue);
  const longest = Math.max(0, ...queues.map((queue) => queue.length));
  return Array.from({ length: longest }, (_, turn) => turn).flatMap((turn) =>
    queues.flatMap((queue) => queue[turn] ?? []),
  );
}

/**
 * Gives every host its wave. The first has at least `canaryCount` hosts and one of every class of every profile; the
 * others divide the rest evenly, each with all classes as far as they reach. Empty waves are left out.
 *
 * @returns by wave; the same hosts always get the same waves
 */
export function planWaves(
  hosts: readonly HostOfClass[],
  { canaryCount, waveCount }: Pick<RolloutStrategy, "canaryCount" | "waveCount">,
): readonly RolloutPlace[] {
  const ordered = interleave(hosts);
  const classCount = new Set(hosts.map(classOf)).size;
  const canary = Math.max(canaryCount, classCount);
  const rest = ordered.slice(canary);
  const size = Math.max(1, Math.ceil(rest.length / waveCount));
  return ordered.map((place, at) => ({
    ...place,
    wave: at < canary ? 1 : 2 + Math.floor((at - canary) / size),
  }));
}
