import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { domainPaths, vmPaths } from "@switchyard/model";
import { createScriptedHost } from "../../testing/scripted-host.ts";
import { openQmp, queryStatus } from "../qmp/qmp.ts";
import {
  defineDomain,
  destroyDomain,
  listDomainVms,
  readDomainLastWords,
  readDomainState,
  startDomain,
} from "./domain.ts";

const VIRSH = "virsh --connect qemu:///system";
const STATE = `${VIRSH} --readonly domstate sy-web-1 --reason`;
const ABSENT = { exitCode: 1, stderr: "error: failed to get domain 'sy-web-1'\n" };
const DOWN = {
  exitCode: 1,
  stderr:
    "error: failed to connect to the hypervisor\nerror: Failed to connect socket to '/var/run/libvirt/libvirt-sock': No such file or directory\n",
};
const OURS =
  "<domain><switchyard:vm xmlns:switchyard='https://switchyard.dev/xmlns/domain/1'/></domain>";

describe("a domain's state", () => {
  it("is libvirt's, with its reason", async () => {
    const commands = { [STATE]: { stdout: "shut off (crashed)\n\n" } };
    assert.deepEqual(await readDomainState(createScriptedHost({ commands }), "web-1"), {
      state: "shut off",
      reason: "crashed",
    });
  });

  it("is undefined where libvirt knows no such domain, and unknown where it does not answer", async () => {
    const absent = createScriptedHost({ commands: { [STATE]: ABSENT } });
    assert.equal(await readDomainState(absent, "web-1"), undefined);
    const down = createScriptedHost({ commands: { [STATE]: DOWN } });
    await assert.rejects(readDomainState(down, "web-1"), { reason: "LIBVIRT_UNREACHABLE" });
  });
});

describe("starting a domain", () => {
  const start = (stderr: string) =>
    createScriptedHost({ commands: { [`${VIRSH} start sy-web-1`]: { exitCode: 1, stderr } } });

  it("takes one that is active already", async () => {
    await startDomain(start("error: Domain is already active\n"), "web-1");
  });

  for (const [stderr, cause] of [
    [
      "error: Failed to start domain 'sy-web-1'\nerror: Unable to open '/dev/vhost-vdpa-0' for vdpa device: No such file or directory\n",
      "the vDPA device is gone",
    ],
    [
      "error: Failed to start domain 'sy-web-1'\nerror: Unable to open '/dev/vhost-vdpa-0' for vdpa device: Device or resource busy\n",
      "another process holds the vDPA device",
    ],
    [
      "error: Requested operation is not valid: PCI device 0000:82:00.2 is in use by driver QEMU, domain x\n",
      "another domain has the VF",
    ],
    ["error: vDPA devices are not supported with this QEMU binary\n", "QEMU is too old for vDPA"],
  ] as const) {
    it(`says what is behind libvirt's words: ${cause}`, async () => {
      await assert.rejects(
        startDomain(start(stderr), "web-1"),
        (error: Error & { metadata: object }) => {
          assert.equal((error.metadata as Record<string, string>)["cause"], cause);
          return true;
        },
      );
    });
  }

  it("never takes over a domain that someone else defined", async () => {
    const files = { [domainPaths("web-1").definition]: "<domain/>" };
    const host = createScriptedHost({ files });
    await assert.rejects(defineDomain(host, "web-1", "/x.xml"), { reason: "LIBVIRT_DOMAIN_TAKEN" });
    assert.deepEqual(host.ran, []);
  });

  it("ends one that does not run with success", async () => {
    const stderr = "error: Requested operation is not valid: domain is not running\n";
    const commands = { [`${VIRSH} destroy sy-web-1`]: { exitCode: 1, stderr } };
    await destroyDomain(createScriptedHost({ commands }), "web-1");
  });
});

describe("what libvirt keeps", () => {
  it("names our domains among others, and QEMU's last words", async () => {
    const host = createScriptedHost({
      files: {
        [domainPaths("web-1").definition]: OURS,
        "/etc/libvirt/qemu/sy-hand-made.xml": "<domain/>",
        "/etc/libvirt/qemu/rocky9.xml": OURS,
        [domainPaths("web-1").log]:
          "2026-11-27 01:00:00.000+0000: starting up\nqemu-system-x86_64: vhost vdpa map fail!\n2026-11-27 01:00:09.000+0000: shutting down, reason=crashed\n",
      },
    });
    assert.deepEqual(await listDomainVms(host), ["web-1"]);
    assert.equal(
      await readDomainLastWords(host, "web-1"),
      "qemu-system-x86_64: vhost vdpa map fail!",
    );
    assert.equal(await readDomainLastWords(host, "web-2"), undefined);
  });
});

describe("QMP of a domain", () => {
  it("goes through libvirt, which numbers commands itself", async () => {
    const argv = `${VIRSH} qemu-monitor-command sy-web-1 {"execute":"query-status"}`;
    const stdout = '{"return":{"status":"running","running":true},"id":"libvirt-21"}\n\n';
    const host = createScriptedHost({
      commands: { [argv]: { stdout } },
      files: { [vmPaths("web-1").domainFile]: OURS },
    });
    const session = await openQmp(host, vmPaths("web-1").qmpSocket);
    assert.deepEqual(await queryStatus(session), { status: "running", isRunning: true });
    session.close();
  });
});
