import assert from "node:assert/strict";
import { afterEach, describe, it } from "node:test";
import { DispatchError, parseHostId } from "@switchyard/model";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { waitFor } from "@switchyard/testkit";
import { createStreamRecovery, type StreamRecovery } from "./stream-recovery.ts";

const host = parseHostId("host-a");

describe("createStreamRecovery", () => {
  let recovery: StreamRecovery;
  afterEach(() => recovery.stop());

  /** Calls that fail: the first so many of each kind. */
  interface Options {
    readonly made?: number[];
    readonly failures?: number;
    readonly hostFailures?: number;
  }

  const start = (options: Options = {}) => {
    const seen = { hosts: [] as string[], resends: 0, woken: 0, flows: 0 };
    const made = options.made ?? [];
    let failures = options.failures ?? 0;
    let hostFailures = options.hostFailures ?? 0;
    recovery = createStreamRecovery({
      bus: {
        ensureStreams: async () => {
          failures -= 1;
          if (failures >= 0) throw new DispatchError("BUS_UNAVAILABLE", "away");
          return made.shift() ?? 0;
        },
        ensureHosts: async (hosts) => {
          hostFailures -= 1;
          if (hostFailures >= 0) throw new DispatchError("BUS_UNAVAILABLE", "away");
          seen.hosts.push(...hosts);
        },
        publishPullFlow: () => {
          seen.flows += 1;
        },
        isConnected: () => true,
        onReconnect: () => () => undefined,
        onSilent: () => undefined,
      },
      hosts: {
        listCredentials: async () => [{ id: host, nkeyPublic: "U", hostEpoch: 1, shard: 0 }],
      },
      outbox: {
        resendUnaccepted: async () => {
          seen.resends += 1;
          return 0;
        },
      },
      onResend: () => {
        seen.woken += 1;
      },
      clock: systemClock,
      log: silentLogger,
    });
    return seen;
  };

  it("ensures streams and every host's consumer at its start", async () => {
    const seen = start();
    await recovery.ready;
    assert.deepEqual(seen.hosts, [host]);
    assert.equal(seen.resends, 0);
  });

  it("tries again while NATS does not answer", async () => {
    start({ failures: 1 });
    await recovery.ready;
  });

  it("has unaccepted jobs sent again when streams were absent", async () => {
    const seen = start({ made: [34] });
    await recovery.ready;
    await waitFor(() => seen.woken === 1);
    assert.deepEqual([seen.resends, seen.flows], [1, 1]);
  });

  it("has unaccepted jobs sent again though what followed the making of streams failed", async () => {
    const seen = start({ made: [34], hostFailures: 1 });
    await recovery.ready;
    await waitFor(() => seen.woken === 1);
    assert.deepEqual([seen.resends, seen.flows], [1, 1]);
  });

  it("has unaccepted jobs sent again when a publish found no stream", async () => {
    const seen = start();
    await recovery.ready;
    recovery.streamsGone();
    await waitFor(() => seen.resends === 1);
  });

  it("sends nothing again when a check finds all in place", async () => {
    const seen = start();
    await recovery.ready;
    recovery.check();
    await waitFor(() => seen.hosts.length === 2);
    assert.equal(seen.resends, 0);
  });
});
