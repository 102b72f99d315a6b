import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { FreezeCause, Profile, Rollout, RolloutState } from "@switchyard/proto";
import { silentLogger, systemClock, systemRandom } from "@switchyard/runtime";
import { createStore, type Store } from "@switchyard/store";
import { waitFor } from "@switchyard/testkit";
import { Client } from "pg";

const HOSTS = 6;
/** One more than may be lost at once. */
const LOST = 4;
const INTERVALS = { heartbeatMs: 500, inventoryMs: 500, telemetryMs: 3_600_000 };

describe("a fleet that loses many hosts at once", () => {
  let stack: Stack;
  let store: Store;
  let database: Client;
  const rollout = () => stack.client.rollouts.getRollout({ name: "rollouts/first" });

  before(async () => {
    stack = await startStack({ hosts: HOSTS, intervals: INTERVALS, log: silentLogger });
    database = new Client({ connectionString: stack.databaseUrl });
    await database.connect();
    store = await createStore({
      url: stack.databaseUrl,
      log: silentLogger,
      clock: systemClock,
      random: systemRandom,
      onJobsEnded: async () => undefined,
    });
    const { readyHost } = createMainJob({
      client: stack.client,
      report: createReport(process.stderr),
      timeouts: SIMULATED_TIMEOUTS,
    });
    for (const host of stack.hostNames) await readyHost(host);
    const bridgeAddresses = { first: "192.168.101.2", last: "192.168.101.19" };
    const datapath = vdpaDatapath({ vfCount: 2, maxVqp: 8, bridgeAddresses });
    await stack.client.profiles.createProfile({
      profileId: "fleet",
      profile: Profile.fromPartial({ spec: { selector: SIM_LABELS, datapath } }),
    });
  });
  after(async () => {
    await store.close();
    await database.end();
    await stack.stop();
  });

  it("is frozen, and says which hosts and why", async () => {
    const gone = stack.agents.slice(0, LOST).map(({ name }) => name);
    await Promise.all(stack.agents.slice(0, LOST).map((agent) => agent.stop()));
    // The controller records what it heard of them within 2 s; after that nothing brings them back.
    await waitFor(
      async () => {
        const { rows } = await database.query<{ is_over: boolean }>(
          "SELECT max(last_seen_at) < now() - interval '3 s' AS is_over FROM host_presence WHERE host = ANY($1)",
          [gone],
        );
        return rows[0]?.is_over;
      },
      { deadlineMs: 20_000 },
    );
    await database.query(
      "UPDATE hosts SET state = 'suspect', state_changed_at = now() - interval '1 h' WHERE name = ANY($1)",
      [gone],
    );
    await database.query(
      "UPDATE host_presence SET last_seen_at = now() - interval '1 h' WHERE host = ANY($1)",
      [gone],
    );
    await store.presence.sweep({ suspectAfterMs: 600_000, lostAfterMs: 600_000 });
    const { freeze, hostCounts } = await stack.client.fleet.getFleet({});
    assert.equal(freeze?.cause, FreezeCause.HOSTS_LOST);
    assert.deepEqual(freeze.lostHosts, stack.hostNames.slice(0, LOST));
    assert.deepEqual([hostCounts?.ready, hostCounts?.lost], [HOSTS - LOST, LOST]);
  });

  it("holds a rollout before its first host, and the rollout says so", async () => {
    await stack.client.rollouts.createRollout({
      rolloutId: "first",
      rollout: Rollout.fromPartial({
        spec: { profile: "profiles/fleet", strategy: { maxUnavailablePercent: 100 } },
      }),
      requestId: "first",
    });
    const held = await waitFor(
      async () => {
        const found = await rollout();
        return found.hold === "" ? undefined : found;
      },
      { deadlineMs: 20_000 },
    );
    assert.match(held.hold, /4 of 6 hosts were lost at once/);
    assert.equal(held.state, RolloutState.RUNNING);
    assert.equal(held.counts?.waiting, HOSTS);
  });

  it("evacuates no host, but says where its VMs would go", async () => {
    const { moves } = stack.client;
    const name = stack.hostNames[HOSTS - 1] ?? "";
    await assert.rejects(moves.evacuateHost({ name, reason: "fans" }), { reason: "FLEET_FROZEN" });
    const rehearsed = await moves.evacuateHost({ name, reason: "fans", validateOnly: true });
    assert.deepEqual(rehearsed.moves, []);
    assert.equal((await stack.client.hosts.getHost({ name })).cordon, undefined);
  });

  it("goes on once an operator says why", async () => {
    const { fleet } = stack.client;
    await assert.rejects(fleet.unfreezeFleet({ reason: "" }), { reason: "FIELD_INVALID" });
    const lifted = await fleet.unfreezeFleet({ reason: "the rack is being moved" });
    assert.equal(lifted.freeze, undefined);
    await assert.rejects(fleet.unfreezeFleet({ reason: "again" }), { reason: "FLEET_NOT_FROZEN" });
    const done = await waitFor(
      async () => {
        const found = await rollout();
        return (found.counts?.updated ?? 0) > 0 ? found : undefined;
      },
      { deadlineMs: 60_000 },
    );
    assert.equal(done.hold, "");
    const { events } = await stack.client.events.listEvents({ pageSize: 1_000 });
    assert.deepEqual(
      events.filter(({ resource }) => resource === "fleet").map(({ action }) => action),
      ["fleet.unfreeze", "fleet.freeze"],
    );
  });
});
