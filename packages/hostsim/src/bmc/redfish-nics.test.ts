import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import {
  addNicJob,
  createLinuxHost,
  forgetPendingNic,
  listNicFunctions,
  parseBmcSettings,
  type RedfishConnection,
  readNicModeState,
  readNicRegistry,
  requestNicMode,
  withRedfish,
} from "@switchyard/host";
import { SwitchyardError } from "@switchyard/model";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { type RedfishService, startRedfishService } from "../server/redfish-service.ts";
import { bootIdrac, type Idrac } from "./idrac.ts";

/*
 * The wrapper on a real host, with the real curl, against an iDRAC over TLS.
 */

const host = createLinuxHost({ kind: "real", log: silentLogger, clock: systemClock });
const ATTRIBUTES =
  "/redfish/v1/Chassis/System.Embedded.1/NetworkAdapters/NIC.Slot.3/NetworkDeviceFunctions" +
  "/NIC.Slot.3-2-1/Oem/Dell/DellNetworkAttributes/NIC.Slot.3-2-1";
const PORT = { id: "NIC.Slot.3-2-1", attributesPath: ATTRIBUTES };

let folder: string;
let service: RedfishService;
let idrac: Idrac;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "sy-redfish-nics-"));
  await writeFile(join(folder, "password"), "calvin\n", { mode: 0o600 });
});

beforeEach(async () => {
  await service?.stop();
  service = await startRedfishService({
    ...{ serviceTag: "7XK2J93", model: "PowerEdge R740" },
    accounts: { root: "calvin" },
    attributes: {},
  });
  ({ idrac } = service);
  idrac.nics.push({
    ...{ adapter: "NIC.Slot.3", id: PORT.id, pciAddress: "0000:82:00.1" },
    ...{ mac: () => "0c:42:a1:00:00:01", mode: "NONE", pendingMode: undefined },
  });
});

after(async () => {
  await service.stop();
  await rm(folder, { recursive: true });
});

const ask = <Result>(work: (connection: RedfishConnection) => Promise<Result>): Promise<Result> => {
  const { address, publicKeyPin: publicKey } = service;
  const raw = { address, publicKey, user: "root", passwordFile: join(folder, "password") };
  return withRedfish(host, parseBmcSettings(raw, "a test"), work);
};

describe("a NIC's function at the BMC", () => {
  it("is listed with its address in Linux, its MAC and its mode", async () => {
    assert.deepEqual(await ask(listNicFunctions), [
      {
        ...PORT,
        ...{ pciAddress: "0000:82:00.1", mac: "0c:42:a1:00:00:01" },
        ...{ mode: "NONE", pendingMode: undefined },
      },
    ]);
  });

  it("is none where the BMC knows of no NIC", async () => {
    idrac.nics.length = 0;
    assert.deepEqual(await ask(listNicFunctions), []);
  });

  it("takes a mode with the next boot", async () => {
    const job = await ask((connection) => requestNicMode(connection, PORT, "SRIOV"));
    const waiting = await ask((connection) => readNicModeState(connection, PORT));
    assert.deepEqual([waiting.mode, waiting.pendingMode], ["NONE", "SRIOV"]);
    assert.equal(waiting.job?.id, job);
    bootIdrac(idrac);
    const booted = await ask((connection) => readNicModeState(connection, PORT));
    assert.deepEqual(booted, { mode: "SRIOV", pendingMode: undefined, job: undefined });
  });

  it("refuses another mode while a job seals one", async () => {
    const request = () => ask((connection) => requestNicMode(connection, PORT, "SRIOV"));
    await request();
    await assert.rejects(request, (error) => {
      assert.ok(error instanceof SwitchyardError);
      return error.reason === "BMC_JOB_PENDING";
    });
  });

  it("forgets what waits, with its job or without, and may be told twice", async () => {
    idrac.faults.makesNoJobs = true;
    for (const isSealed of [false, true]) {
      await ask((connection) => requestNicMode(connection, PORT, "SRIOV"));
      if (isSealed) await ask((connection) => addNicJob(connection, PORT));
      for (const _ of [1, 2]) await ask((connection) => forgetPendingNic(connection, PORT));
      assert.deepEqual([idrac.nics[0]?.pendingMode, idrac.jobs], [undefined, []]);
    }
  });

  it("says which modes it takes", async () => {
    const registry = await ask((connection) => readNicRegistry(connection, PORT.id));
    assert.deepEqual(registry.get("VirtualizationMode")?.values, ["NONE", "SRIOV"]);
  });
});
