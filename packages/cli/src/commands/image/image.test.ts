import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { type FakeController, startFakeController } from "../../testing/fake-controller.ts";
import { type FakeIoOptions, runFake } from "../../testing/fake-io.ts";

let controller: FakeController;

before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const swy = (line: string, options: FakeIoOptions = {}) =>
  runFake(line.split(" "), { ...options, env: { SWY_ADDR: controller.address, ...options.env } });
const requests = (method: string) =>
  controller.requests.filter((each) => each.method === method).map(({ request }) => request);

const SUM = "ab".repeat(32);
const KEY = "ssh-ed25519 AAAA ada@example";

describe("swy image", () => {
  it("imports an image and follows the hosts that fetch it", async () => {
    const { code, stdout, stderr } = await swy(
      `image import rocky9 --url https://images.example/rocky9 --sha256 ${SUM} --max-disk 20GiB --host r740-01 --wait`,
    );
    assert.equal(code, 0, stderr);
    const [created] = requests("createImage") as [{ image: { spec: Record<string, unknown> } }];
    assert.equal(created.image.spec["sha256"], SUM);
    assert.equal(created.image.spec["virtualSizeBytesMax"], 20n * 1024n ** 3n);
    assert.equal(requests("fetchImage")[0]?.["host"], "hosts/r740-01");
    assert.match(stderr, /r740-01: jobs\/j1/);
    assert.match(stdout, /^images\/rocky9/);
  });

  it("refuses to guess where an image is and what is in it", async () => {
    assert.equal((await swy(`image import x --sha256 ${SUM}`)).code, 2);
    assert.equal((await swy(`image import x --url https://a/b --file /c --sha256 ${SUM}`)).code, 2);
    const { code, stderr } = await swy("image import x --file /srv/x");
    assert.equal(code, 2);
    assert.match(stderr, /--sha256 is required/);
  });

  it("shows by host what went wrong", async () => {
    const { stdout } = await swy("image show rocky9");
    assert.match(stdout, /r740-01 +✗ failed/);
    assert.match(stdout, /IMAGE_BACKING_FILE/);
    assert.match(stdout, /\/etc\/shadow/);
  });

  it("lists images with how many hosts have them", async () => {
    assert.match((await swy("image list")).stdout, /rocky9 +qcow2 +2 cached, 1 failed/);
  });
});

describe("swy vm create --image", () => {
  const bootOf = async (flags = "--queues 2", options: FakeIoOptions = {}) => {
    const done = await swy(
      `vm create web-1 --network lan --image rocky9 ${flags} --no-wait`,
      options,
    );
    assert.equal(done.code, 0, done.stderr);
    const { vm } = requests("createVm").at(-1) as { vm: { spec: { boot: { value: object } } } };
    return vm.spec.boot.value as { guestSetup?: Record<string, unknown>; diskBytes: bigint };
  };

  it("gives the guest a seed, unless it shall have none", async () => {
    assert.equal((await bootOf()).guestSetup?.["developmentEmptyRootPassword"], false);
    assert.equal((await bootOf("--no-cloud-init")).guestSetup, undefined);
    const boot = await bootOf("--user ada --disk-size 20GiB --unmanaged-nic");
    assert.equal(boot.diskBytes, 20n * 1024n ** 3n);
    assert.equal(boot.guestSetup?.["user"], "ada");
    assert.equal(boot.guestSetup?.["unmanagedNic"], true);
  });

  it("reads keys from files", async () => {
    const boot = await bootOf("--ssh-key ada.pub", { files: { "ada.pub": `${KEY}\n` } });
    assert.deepEqual(boot.guestSetup?.["sshKeys"], [KEY]);
  });

  it("boots from one thing only", async () => {
    assert.equal((await swy("vm create x --network lan --image a --disk /b")).code, 2);
  });

  it("rehearses a deletion without asking, and asks for a true one", async () => {
    const { code, stderr } = await swy("image delete rocky9 --dry-run");
    assert.deepEqual([code, requests("deleteImage").at(-1)?.["validateOnly"]], [0, true]);
    assert.match(stderr, /dry run: nothing was changed/);
    assert.equal((await swy("image delete rocky9")).code, 2);
    assert.equal((await swy("image delete rocky9 --yes")).code, 0);
    assert.equal(requests("deleteImage").at(-1)?.["validateOnly"], false);
  });
});
