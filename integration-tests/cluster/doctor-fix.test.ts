import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { JobState, PlanGoal } from "@switchyard/client";
import {
  createMainJob,
  createReport,
  SIMULATED_TIMEOUTS,
  vdpaDatapath,
} from "@switchyard/dev/main-job";
import { SIM_LABELS, type Stack, startStack } from "@switchyard/dev/stack";
import { Profile } from "@switchyard/proto";
import { silentLogger } from "@switchyard/runtime";

const SWY = new URL("../../packages/cli/bin/swy.mjs", import.meta.url).pathname;
const HOST = "r740-01";
const UPLINK = "enp130s0f0np0";
const SWY_TIMEOUT_MS = 60_000;

describe("swy doctor --fix safe on a host that somebody broke", () => {
  let stack: Stack;

  before(async () => {
    stack = await startStack({ hosts: 1, log: silentLogger });
    await stack.client.profiles.createProfile({
      profileId: "cx6dx",
      profile: Profile.fromPartial({
        spec: {
          selector: SIM_LABELS,
          datapath: vdpaDatapath({
            vfCount: 2,
            maxVqp: 16,
            bridgeAddresses: { first: "192.168.101.2", last: "192.168.101.9" },
          }),
        },
      }),
    });
    const { client } = stack;
    const report = createReport(process.stderr);
    const job = createMainJob({ client, report, timeouts: SIMULATED_TIMEOUTS });
    await job.readyHost(`hosts/${HOST}`);
    const { state } = await job.apply(await job.plan(`hosts/${HOST}`, PlanGoal.APPLY_PROFILE));
    assert.equal(state, JobState.SUCCEEDED);
  });
  after(() => stack.stop());

  const type = async (line: string) => {
    const argv = line.split(" ") as [string, ...string[]];
    const { exitCode, stdout, stderr } = await stack.simHost(HOST).run({ argv });
    assert.equal(exitCode, 0, `${line}: ${stderr}`);
    return stdout;
  };

  const swy = (...words: readonly string[]) =>
    new Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }>(
      (resolve) => {
        const env = { PATH: process.env["PATH"] ?? "", SWY_ADDR: stack.address, NO_COLOR: "1" };
        const options = { env, timeout: SWY_TIMEOUT_MS };
        execFile(process.execPath, [SWY, ...words], options, (error, stdout, stderr) => {
          resolve({ code: Number(error?.code ?? 0), stdout, stderr });
        });
      },
    );

  it("is well before, says its doctor", async () => {
    const { code, stdout } = await swy("doctor", HOST);
    assert.equal(code, 0, stdout);
  });

  it("mends what is safe, and the next look finds nothing", async () => {
    await type("ovs-vsctl del-port cxbr0 eth1");
    await type("ip link set eth0 down");
    const found = await swy("doctor", HOST);
    assert.notEqual(found.code, 0, found.stdout);
    const mended = await swy("doctor", HOST, "--fix", "safe", "--yes");
    assert.equal(mended.code, 0, mended.stdout + mended.stderr);
    assert.match(mended.stderr, /safe to mend: .*C10/);
    assert.match(mended.stderr, /Bring eth0 up/);
    assert.match(await type("ovs-vsctl list-ports cxbr0"), /^eth1$/m);
    const after = await swy("doctor", HOST);
    assert.equal(after.code, 0, after.stdout);
  });

  it("names what is not safe, and leaves it as it is", async () => {
    await type(`ethtool -K ${UPLINK} hw-tc-offload off`);
    await type("ip link set eth0 down");
    const mended = await swy("doctor", HOST, "--fix", "safe", "--yes");
    assert.match(mended.stderr, /safe to mend: .*C10/);
    assert.match(mended.stderr, /not touched, for you to mend: .*E05/);
    assert.notEqual(mended.code, 0);
    assert.match(mended.stdout, /PASS\s+C10/);
    assert.match(mended.stdout, /FAIL\s+E05/);
    assert.match(await type(`ethtool -k ${UPLINK}`), /hw-tc-offload: off/);
    await type(`ethtool -K ${UPLINK} hw-tc-offload on`);
    const after = await swy("doctor", HOST);
    assert.equal(after.code, 0, after.stdout);
  });

  it("touches nothing where only people can mend", async () => {
    await type(`ethtool -K ${UPLINK} hw-tc-offload off`);
    const before = stack.simHost(HOST).effects.length;
    const { code, stderr } = await swy("doctor", HOST, "--fix", "safe", "--yes");
    assert.match(stderr, /nothing here has a safe fix/);
    assert.notEqual(code, 0);
    assert.equal(stack.simHost(HOST).effects.length, before);
  });
});
