import assert from "node:assert/strict";
import { chmod, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, describe, it } from "node:test";
import {
  addBiosJob,
  type BmcSettings,
  createLinuxHost,
  findBmcJob,
  forgetPendingBios,
  type Host,
  parseBmcSettings,
  type RedfishConnection,
  readBiosRegistry,
  readBiosState,
  readBmcFacts,
  readSystem,
  requestBiosSettings,
  requestReset,
  withRedfish,
} from "@switchyard/host";
import { type HostError, SwitchyardError } from "@switchyard/model";
import { silentLogger, systemClock } from "@switchyard/runtime";
import { type RedfishService, startRedfishService } from "../server/redfish-service.ts";
import type { Idrac } from "./idrac.ts";

/*
 * The wrapper on a real host, with the real curl, against an iDRAC over TLS.
 */

const USER = "switchyard";
const PASSWORD = 'calvin "\\ #: ü';
const SYSTEM = "/redfish/v1/Systems/System.Embedded.1";
const OFF = { ProcVirtualization: "Disabled", SriovGlobalEnable: "Disabled" };

const linux = createLinuxHost({ kind: "real", log: silentLogger, clock: systemClock });
const argvs: string[] = [];
/** The real host, whose arguments are kept to look for secrets in. */
const host: Host = {
  ...linux,
  run: (command) => {
    argvs.push(command.argv.join(" "));
    return linux.run(command);
  },
};

let folder: string;
let service: RedfishService;
let idrac: Idrac;

const settingsOf = (overrides: Readonly<Record<string, unknown>> = {}): BmcSettings =>
  parseBmcSettings(
    {
      address: service.address,
      user: USER,
      passwordFile: join(folder, "password"),
      publicKey: service.publicKeyPin,
      ...overrides,
    },
    "a test",
  );

const withBmc = <Result>(
  work: (connection: RedfishConnection) => Promise<Result>,
  overrides?: Readonly<Record<string, unknown>>,
) => withRedfish(host, settingsOf(overrides), work);

const refusedFor = (reason: string) => (error: unknown) => {
  assert.ok(error instanceof SwitchyardError, String(error));
  assert.equal(error.reason, reason);
  assert.equal(JSON.stringify(error).includes("calvin"), false);
  return true;
};

before(async () => {
  await assert.doesNotReject(
    linux.run({ argv: ["curl", "--version"] }),
    "curl is not installed; apt-get install curl",
  );
  folder = await mkdtemp(join(tmpdir(), "sy-redfish-"));
  await writeFile(join(folder, "password"), `${PASSWORD}\n`, { mode: 0o600 });
});
after(() => rm(folder, { recursive: true, force: true }));

beforeEach(async (context) => {
  service = await startRedfishService({
    serviceTag: "ABC1234",
    model: "PowerEdge R740",
    accounts: { [USER]: PASSWORD },
    attributes: OFF,
  });
  idrac = service.idrac;
  argvs.length = 0;
  if ("after" in context) context.after(() => service.stop());
});

describe("withRedfish", () => {
  it("reads what an iDRAC tells, and says no secret in its arguments", async () => {
    const facts = await withBmc(readBmcFacts);
    assert.deepEqual(
      [facts.model, facts.biosVersion, facts.powerState, facts.systemPath],
      ["PowerEdge R740", "2.21.2", "on", SYSTEM],
    );
    assert.equal(facts.biosAttributes["ProcVirtualization"], "Disabled");
    assert.deepEqual([facts.pendingAttributes, facts.jobs], [{}, []]);
    assert.ok(argvs.length > 0);
    assert.equal(argvs.join("\n").includes("calvin"), false);
    assert.equal(argvs.join("\n").includes(USER), false);
  });

  it("opens one session for many requests and closes it, whatever happened", async () => {
    const failed = withBmc(
      async (connection) => {
        await readSystem(connection);
        assert.equal(idrac.sessions.size, 1);
        throw new Error("the caller's own");
      },
      { session: true },
    );
    await assert.rejects(failed, /the caller's own/);
    assert.equal(idrac.sessions.size, 0);
    assert.equal(service.requests.filter((each) => each.startsWith("POST")).length, 1);
    assert.equal(argvs.join("\n").includes("calvin"), false);
    assert.equal(argvs.join("\n").includes("token-"), false);
  });

  it("refuses a BMC with another key, and one whose certificate nobody vouches for", async () => {
    const publicKey = `sha256//${"A".repeat(43)}=`;
    await assert.rejects(withBmc(readSystem, { publicKey }), refusedFor("BMC_IDENTITY_WRONG"));
    assert.deepEqual(service.requests, []);
    const caFile = "/etc/ssl/certs/ca-certificates.crt";
    const foreign = withBmc(readSystem, { publicKey: undefined, caFile });
    await assert.rejects(foreign, refusedFor("BMC_IDENTITY_WRONG"));
  });

  it("takes a BMC that a file of certificates vouches for", async () => {
    const caFile = join(folder, "ca.pem");
    await writeFile(caFile, service.certificatePem);
    const system = await withBmc(readSystem, { publicKey: undefined, caFile });
    assert.equal(system.serviceTag, "ABC1234");
  });

  it("says that the credentials are wrong", async () => {
    const failed = withBmc(readSystem, { user: "root" });
    await assert.rejects(failed, refusedFor("BMC_CREDENTIALS_REFUSED"));
  });

  it("refuses a password file that others can read", async () => {
    await chmod(join(folder, "password"), 0o640);
    const failed = withBmc(readSystem);
    await assert.rejects(failed, refusedFor("BMC_FILE_EXPOSED"));
    await chmod(join(folder, "password"), 0o600);
    assert.deepEqual(service.requests, []);
  });

  it("tells a BMC that is not ready from one that is not there", async () => {
    idrac.faults.notReadyRequests = 1;
    await assert.rejects(withBmc(readSystem), (error: HostError) => {
      assert.equal(error.retry, "safe");
      return refusedFor("BMC_BUSY")(error);
    });
    await service.stop();
    await assert.rejects(withBmc(readSystem), (error: HostError) => {
      assert.equal(error.retry, "safe");
      return refusedFor("BMC_UNREACHABLE")(error);
    });
  });

  it("leaves open whether a change was made whose answer did not come", async () => {
    idrac.faults.closesAfterChange = true;
    const failed = withBmc((connection) =>
      requestBiosSettings(connection, SYSTEM, { ProcVirtualization: "Enabled" }),
    );
    await assert.rejects(failed, (error: HostError) => error.retry === "observe-first");
    assert.equal(idrac.pending.get("ProcVirtualization"), "Enabled");
  });
});

describe("BIOS settings over Redfish", () => {
  const WANTED = { ProcVirtualization: "Enabled", SriovGlobalEnable: "Enabled" };

  it("wait in a job and are in force after the boot", async () => {
    const id = await withBmc((connection) => requestBiosSettings(connection, SYSTEM, WANTED));
    assert.match(id ?? "", /^JID_\d{12}$/);
    const before = await withBmc((connection) => readBiosState(connection, SYSTEM));
    assert.deepEqual(before.pending, WANTED);
    assert.deepEqual([before.job?.id, before.job?.state], [id, "Scheduled"]);
    await withBmc(async (connection) =>
      requestReset(connection, await readSystem(connection), "GracefulRestart"),
    );
    const after = await withBmc((connection) => readBiosState(connection, SYSTEM));
    assert.equal(after.current["ProcVirtualization"], "Enabled");
    assert.deepEqual([after.pending, after.job], [{}, undefined]);
    const job = await withBmc((connection) => findBmcJob(connection, id ?? ""));
    assert.equal(job?.state, "Completed");
  });

  it("need a job of their own on older firmware", async () => {
    idrac.faults.makesNoJobs = true;
    await withBmc(async (connection) => {
      assert.equal(await requestBiosSettings(connection, SYSTEM, WANTED), undefined);
      assert.equal((await readBiosState(connection, SYSTEM)).job, undefined);
      assert.match((await addBiosJob(connection, SYSTEM)) ?? "", /^JID_/);
      assert.equal((await readBiosState(connection, SYSTEM)).job?.state, "Scheduled");
    });
  });

  it("are not taken while a job waits", async () => {
    await withBmc((connection) => requestBiosSettings(connection, SYSTEM, WANTED));
    const second = withBmc((connection) =>
      requestBiosSettings(connection, SYSTEM, { LogicalProc: "Disabled" }),
    );
    await assert.rejects(second, refusedFor("BMC_JOB_PENDING"));
  });

  it("are forgotten together with their job, as often as asked", async () => {
    await withBmc((connection) => requestBiosSettings(connection, SYSTEM, WANTED));
    for (const _ of [1, 2]) {
      await withBmc((connection) => forgetPendingBios(connection, SYSTEM));
      assert.deepEqual([idrac.pending.size, idrac.jobs.length], [0, 0]);
    }
  });

  it("outlive a job that is gone before anybody looked", async () => {
    idrac.faults.forgetsEndedJobs = true;
    const id = await withBmc((connection) => requestBiosSettings(connection, SYSTEM, WANTED));
    await withBmc(async (connection) =>
      requestReset(connection, await readSystem(connection), "PowerCycle"),
    );
    await withBmc(async (connection) => {
      assert.equal(await findBmcJob(connection, id ?? ""), undefined);
      const { current } = await readBiosState(connection, SYSTEM);
      assert.equal(current["SriovGlobalEnable"], "Enabled");
    });
  });

  it("are refused in the BMC's own words", async () => {
    const set = (attributes: Readonly<Record<string, string>>) =>
      withBmc((connection) => requestBiosSettings(connection, SYSTEM, attributes));
    const refusals = [
      [{ IommuSupport: "Enabled" }, "PropertyUnknown"],
      [{ ProcVirtualization: "On" }, "PropertyValueNotInList"],
      [{ SystemModelName: "PowerEdge R750" }, "PropertyNotWritable"],
    ] as const;
    for (const [attributes, messageId] of refusals) {
      await assert.rejects(set(attributes), (error: HostError) => {
        assert.equal(error.metadata["messageId"], messageId);
        return refusedFor("BMC_REQUEST_REFUSED")(error);
      });
    }
    idrac.faults.lifecycleBusyRequests = 1;
    await assert.rejects(set({ LogicalProc: "Disabled" }), refusedFor("BMC_BUSY"));
  });

  it("come with a registry of what each takes", async () => {
    const registry = await withBmc((connection) => readBiosRegistry(connection, SYSTEM));
    assert.deepEqual(registry.get("ProcVirtualization")?.values, ["Enabled", "Disabled"]);
    assert.equal(registry.get("SystemModelName")?.isReadOnly, true);
    assert.deepEqual(registry.get("AcPwrRcvryUserDelay")?.upperBound, 600);
  });
});

describe("power over Redfish", () => {
  it("goes off and on, and only as the BMC knows how", async () => {
    const power = async () => (await withBmc(readSystem)).powerState;
    const reset = (type: Parameters<typeof requestReset>[2]) =>
      withBmc(async (connection) => requestReset(connection, await readSystem(connection), type));
    await reset("ForceOff");
    assert.equal(await power(), "off");
    await reset("On");
    assert.equal(await power(), "on");
    const strange = { path: SYSTEM, resetTypes: ["On"] };
    const failed = withBmc(async (connection) =>
      requestReset(connection, { ...(await readSystem(connection)), ...strange }, "PowerCycle"),
    );
    await assert.rejects(failed, refusedFor("BMC_REQUEST_REFUSED"));
  });
});
