import assert from "node:assert/strict";
import { copyFile, mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { parseVmId } from "@switchyard/model";
import { silentLogger } from "@switchyard/runtime";
import { startPostgres, type TestPostgres } from "@switchyard/testkit";
import pg from "pg";
import { openStore } from "../testing/test-store.ts";
import { migrate } from "./migrate.ts";

const MIGRATIONS = fileURLToPath(new URL("../../migrations/", import.meta.url));
const [UID, JOB] = ["00000000-0000-4000-8000-000000000001", "00000000-0000-4000-8000-000000000002"];

const SPEC = {
  vcpuCount: 4,
  memoryBytes: 1024 ** 3,
  boot: { kind: "disk", path: "/a.qcow2", format: "qcow2" },
  network: "lan",
  queuePairs: 2,
  hostSelector: {},
  hasGuestAgent: true,
};
const ALLOCATION = {
  vm: "web-1",
  host: "h1",
  pf: "0000:82:00.0",
  vfIndex: 1,
  mac: "52:54:00:00:00:02",
  address: "10.0.0.2/24",
  bridge: "br0",
  vcpuCount: 4,
  memoryBytes: 1024 ** 3,
};

const HOST = `INSERT INTO hosts (name, uid, labels, state, host_epoch, nkey_public, shard, agent_version)
  VALUES ('h1', '${UID}', '{}', 'ready', 1, 'U1', 0, '1')`;

const ONE_VM = `
  ${HOST};
  INSERT INTO networks (name, uid, bridge, spec) VALUES ('lan', '${UID}', 'br0', '{}');
  INSERT INTO mac_addresses VALUES ('52:54:00:00:00:01', 1, 'slot', 's'), ('52:54:00:00:00:02', 2, 'vm', 'v');
  INSERT INTO slots VALUES ('h1', '0000:82:00.0', 1, '52:54:00:00:00:01');
  INSERT INTO ip_addresses VALUES ('lan', '10.0.0.2', 'web-1');
  INSERT INTO vms (name, uid, spec, state) VALUES ('web-1', '${UID}', '${JSON.stringify(SPEC)}', 'running');
  INSERT INTO allocations VALUES ('web-1', 'h1', '0000:82:00.0', 1, '52:54:00:00:00:02', 'lan',
    '10.0.0.2', 24, 'br0', 4, ${1024 ** 3});
  INSERT INTO changes (kind, key, operation, record) VALUES ('vms', 'web-1', 'created',
    '${JSON.stringify({ id: "web-1", spec: SPEC, allocation: ALLOCATION, slotMac: "52:54:00:00:00:01" })}');`;

describe("the migration to several NICs", () => {
  let postgres: TestPostgres;
  let before7: string;
  before(async () => {
    postgres = await startPostgres();
    before7 = await mkdtemp(join(tmpdir(), "sy-migrations-"));
    const old = (await readdir(MIGRATIONS)).filter((name) => name < "0008");
    for (const name of old) await copyFile(join(MIGRATIONS, name), join(before7, name));
  });
  after(async () => {
    await postgres.stop();
    await rm(before7, { recursive: true, force: true });
  });

  async function databaseOfOldRelease(name: string, text: string) {
    const url = await postgres.createDatabase(name);
    await migrate({ url, log: silentLogger, folder: pathToFileURL(`${before7}/`) });
    const client = new pg.Client({ connectionString: url });
    await client.connect();
    try {
      await client.query(text);
    } finally {
      await client.end();
    }
    return { url, run: () => migrate({ url, log: silentLogger }) };
  }

  it("gives a VM its one NIC, in the log of changes too", async () => {
    const { url, run } = await databaseOfOldRelease("one_nic", ONE_VM);
    await run();
    const store = await openStore(url);
    try {
      const vm = await store.reads.vms.get(parseVmId("web-1"));
      assert.deepEqual(vm.spec.nics, [{ network: "lan", kind: "vdpa", queuePairs: 2 }]);
      assert.ok(!("network" in vm.spec));
      const nic = {
        ...{ index: 0, kind: "vdpa", pf: "0000:82:00.0", vfIndex: 1, queuePairs: 2 },
        ...{ slotMac: "52:54:00:00:00:01", mac: "52:54:00:00:00:02", network: "lan" },
        ...{ address: "10.0.0.2/24", bridge: "br0" },
      };
      assert.deepEqual(vm.allocation.nics, [nic]);
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      const { rows } = await client.query("SELECT record FROM changes WHERE kind = 'vms'");
      await client.end();
      const { id, spec, allocation } = vm;
      assert.deepEqual(rows[0]?.record, { id, spec, allocation });
    } finally {
      await store.close();
    }
  });

  it("waits for the jobs of VMs that are under way", async () => {
    const job = `${HOST};
      INSERT INTO jobs (id, host, host_epoch, kind, spec, actor, expires_at)
      VALUES ('${JOB}', 'h1', 1, 'start-vm', '{}', 'a', now())`;
    const { run } = await databaseOfOldRelease("in_flight", job);
    await assert.rejects(run(), /jobs of VMs are under way/);
  });
});
