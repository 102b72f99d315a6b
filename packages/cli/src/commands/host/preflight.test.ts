import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { runFake } from "../../testing/fake-io.ts";

describe("swy host preflight", () => {
  let controller: FakeController;
  before(async () => {
    controller = await startFakeController();
  });
  after(() => controller.stop());

  const swy = (...args: readonly string[]) =>
    runFake(args, { env: { SWY_ADDR: controller.address } });

  it("asks for preflight alone, shows a line for each check with what was found, and exits 7", async () => {
    const { code, stdout, stderr } = await swy("host", "preflight", "r740-01");
    assert.deepEqual([code, stderr], [7, ""]);
    const asked = controller.requests.findLast(({ method }) => method === "diagnoseHost")?.request;
    assert.deepEqual([asked?.["name"], asked?.["preflight"]], ["hosts/r740-01", true]);
    assert.match(
      stdout,
      /^hosts\/r740-01 {2}simulated {2}✗ FAIL\nSTATUS +CHECK +PASSES WHEN +FOUND\n/,
    );
    assert.match(stdout, /✗ FAIL +C10 +C10 holds +seen by C10\n/);
    assert.match(stdout, /C10 {2}try: ip link set eth0 up\n/);
    assert.match(stdout, /1 fail, 0 warn, 0 pass, 1 skip: not fit: mend what failed first\n$/);
  });

  it("exits 0 for a host that is fit, and gives the proto's JSON", async () => {
    const { code, stdout } = await swy("host", "preflight", "lab-1", "-o", "json");
    assert.equal(code, 0);
    assert.equal((JSON.parse(stdout) as { subject: string }).subject, "hosts/lab-1");
  });
});
