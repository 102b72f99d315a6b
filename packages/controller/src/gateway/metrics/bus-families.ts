import type { BacklogOfKind } from "@switchyard/bus";
import type { MetricFamily } from "@switchyard/runtime";
import type { PoolStatus } from "@switchyard/store";

function family<Item>(
  spec: { readonly name: string; readonly help: string },
  items: readonly Item[],
  point: (item: Item) => readonly [Readonly<Record<string, string>>, number],
): MetricFamily {
  const points = items.map((item) => {
    const [labels, value] = point(item);
    return { labels, value };
  });
  return { ...spec, kind: "gauge", points };
}

/** What waits at the broker. */
export const backlogFamilies = (backlog: readonly BacklogOfKind[]): readonly MetricFamily[] => [
  family(
    {
      name: "switchyard_bus_pending_messages",
      help: "Messages at the broker that nobody has taken, by kind.",
    },
    backlog,
    ({ kind, pendingCount }) => [{ kind }, pendingCount],
  ),
  family(
    {
      name: "switchyard_bus_unacknowledged_messages",
      help: "Messages that controllers have taken and not yet put away, by kind.",
    },
    backlog,
    ({ kind, unackedCount }) => [{ kind }, unackedCount],
  ),
  family(
    {
      name: "switchyard_bus_redelivered_messages",
      help: "Messages that had to be delivered again and are not yet put away, by kind.",
    },
    backlog,
    ({ kind, redeliveredCount }) => [{ kind }, redeliveredCount],
  ),
];

/** Connections of this controller to the database. */
export const poolFamilies = (pools: readonly PoolStatus[]): readonly MetricFamily[] => [
  family(
    {
      name: "switchyard_database_connections",
      help: "Connections of this controller to the database, by pool.",
    },
    pools,
    ({ pool, connectionCount }) => [{ pool }, connectionCount],
  ),
  family(
    {
      name: "switchyard_database_connections_idle",
      help: "Connections that nobody uses now, by pool.",
    },
    pools,
    ({ pool, idleCount }) => [{ pool }, idleCount],
  ),
  family(
    {
      name: "switchyard_database_pool_waiting",
      help: "Callers that wait for a connection now, by pool.",
    },
    pools,
    ({ pool, waitingCount }) => [{ pool }, waitingCount],
  ),
];
