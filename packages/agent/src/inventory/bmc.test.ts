import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { createSimHost } from "@switchyard/hostsim";
import { ManualClock } from "@switchyard/runtime";
import { readBmc } from "./bmc.ts";
import { createReadCache } from "./read-cache.ts";
import { createSections } from "./sections.ts";

function bed(isBmcConfigured = true) {
  const clock = new ManualClock(1_700_000_000_000);
  const host = createSimHost({ clock, overrides: { isBmcConfigured } });
  const cache = createReadCache();
  const requests: string[] = [];
  const counting = {
    ...{ kind: host.kind, exists: host.exists.bind(host), readFile: host.readFile.bind(host) },
    run: (command: Parameters<typeof host.run>[0]) => {
      if (command.argv[0] === "curl") requests.push(command.argv.at(-1) ?? "");
      return host.run(command);
    },
  };
  const look = async () => {
    const sections = createSections();
    const bmc = await readBmc({
      host: counting as unknown as typeof host,
      ...{ clock, cache, sections, bootId: host.bootId, configured: undefined },
    });
    return { bmc, findings: sections.findings };
  };
  return { clock, host, look, requests };
}

describe("readBmc", () => {
  it("has nothing to say of a host whose agent was told of no BMC", async () => {
    const { look, requests } = bed(false);
    assert.deepEqual(await look(), { bmc: undefined, findings: [] });
    assert.deepEqual(requests, []);
  });

  it("tells what the BMC is and what BIOS it has, and not the secret", async () => {
    const { host, look } = bed();
    const { bmc, findings } = await look();
    assert.deepEqual(findings, []);
    assert.equal(bmc?.address, host.machine.spec.bmc.address);
    assert.equal(bmc.facts?.powerState, "on");
    assert.equal(bmc.facts.biosAttributes["SriovGlobalEnable"], "Enabled");
    assert.equal(JSON.stringify(bmc).includes(host.machine.spec.bmc.password), false);
  });

  it("tells the NICs' modes, and asks for them every ten minutes only", async () => {
    const { clock, look, requests } = bed();
    const { bmc } = await look();
    const modes = bmc?.facts?.nicFunctions?.map(({ id, mode }) => `${id} ${mode}`) ?? [];
    assert.ok(modes.includes("NIC.Slot.3-2-1 SRIOV"));
    assert.ok(modes.includes("NIC.Integrated.1-1-1 NONE"));
    const isOfNics = (url: string) => url.includes("/NetworkAdapters");
    assert.ok(requests.some(isOfNics));
    requests.length = 0;
    await clock.advance(60_000);
    await look();
    assert.ok(requests.length > 0);
    assert.equal(requests.some(isOfNics), false);
  });

  it("asks again after a minute, after a boot and after a change of the agent's own", async () => {
    const { clock, host, look, requests } = bed();
    const count = async () => {
      requests.length = 0;
      await look();
      return requests.length;
    };
    assert.ok((await count()) > 0);
    assert.equal(await count(), 0);
    await clock.advance(60_000);
    assert.ok((await count()) > 0);
    await host.reboot("a test");
    assert.ok((await count()) > 0);
    await host.replaceFile("/run/switchyard/bmc-changed", "a job");
    assert.ok((await count()) > 0);
    assert.equal(await count(), 0);
  });

  it("remembers for a minute that the BMC does not answer, and says why", async () => {
    const { host, look, requests } = bed();
    host.machine.bmc.faults.refusesConnections = true;
    for (const _ of [1, 2]) {
      const { bmc, findings } = await look();
      assert.equal(bmc?.facts, undefined);
      assert.deepEqual(
        findings.map(({ reason }) => reason),
        ["BMC_UNREACHABLE"],
      );
    }
    assert.equal(requests.length, 1);
  });

  it("says that the settings can be read by others, and goes on without", async () => {
    const { host, look, requests } = bed();
    host.machine.files.setMode("/etc/switchyard/bmc.json", 0o644);
    const { bmc, findings } = await look();
    assert.equal(bmc, undefined);
    assert.equal(findings[0]?.reason, "BMC_FILE_EXPOSED");
    assert.deepEqual(requests, []);
  });
});
