import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { after, before, describe, it } from "node:test";
import { promisify } from "node:util";
import { type FakeController, startFakeController } from "../testing/fake-controller.ts";
import { runFake } from "../testing/fake-io.ts";
import { COMPLETION_SCRIPTS } from "./scripts.ts";

let controller: FakeController;
before(async () => {
  controller = await startFakeController();
});
after(() => controller.stop());

const complete = async (line: string, address = controller.address) => {
  const { code, stdout, stderr } = await runFake(["__complete", ...line.split(" ")], {
    env: { SWY_ADDR: address },
  });
  assert.deepEqual([code, stderr], [0, ""]);
  return stdout.split("\n").filter(Boolean);
};
const values = async (line: string, address?: string) =>
  (await complete(line, address)).map((each) => each.split("\t")[0]);

describe("completion", () => {
  it("offers nouns and verbs, with what they are", async () => {
    assert.ok((await values("")).includes("host"));
    assert.deepEqual(await values("ne"), ["network"]);
    assert.deepEqual(await complete("vm cons"), ["console\tconnect to the serial console"]);
    assert.deepEqual(await values("job snapshot d"), ["diff"]);
    assert.deepEqual(await values("no such thing"), []);
  });

  it("offers options of the verb and of all, and choices of an option or argument", async () => {
    const options = await values("vm create web-1 --net");
    assert.deepEqual(options, ["--network"]);
    assert.ok((await values("host list --")).includes("--output"));
    assert.deepEqual(await values("host list -o j"), ["json"]);
    assert.deepEqual(await values("completion z"), ["zsh"]);
  });

  it("offers live names where help names what is wanted, and none for what is to be made", async () => {
    assert.deepEqual(await values("host get "), ["r740-01", "lab-1"]);
    assert.deepEqual(await values("host show l"), ["lab-1"]);
    assert.deepEqual(await values("vm list --host r"), ["r740-01"]);
    assert.deepEqual(await values("vm create x --image r"), ["rocky9"]);
    assert.deepEqual(await complete("vm console w"), ["web-1\ton r740-01"]);
    assert.deepEqual(await values("vm create "), []);
    assert.deepEqual(await values("host get r740-01 "), []);
  });

  it("offers published figures beside experiments where something is compared", async () => {
    assert.deepEqual(await values("bench compare first "), ["first", "slower", "reference/seed"]);
    assert.deepEqual(await values("bench delete "), ["first", "slower"]);
    assert.deepEqual(await values("bench report first --metric energy-r"), [
      "energy-rapl",
      "energy-redfish",
    ]);
  });

  it("asks the controller that the line names", async () => {
    const line = `--address ${controller.address} host get l`;
    assert.deepEqual(await values(line, "127.0.0.1:1"), ["lab-1"]);
  });

  it("says nothing where the controller does not answer", async () => {
    assert.deepEqual(await complete("host get ", "127.0.0.1:1"), []);
    assert.deepEqual(await complete("host get ", "nonsense"), []);
  });
});

describe("swy completion", () => {
  it("prints a script for each shell, and refuses another", async () => {
    for (const shell of ["bash", "zsh", "fish"]) {
      const { code, stdout } = await runFake(["completion", shell]);
      assert.equal(code, 0);
      assert.match(stdout, /__complete/);
    }
    assert.equal((await runFake(["completion", "csh"])).code, 2);
  });

  it("gives bash the words up to the cursor, and takes the names without what they are", async () => {
    const swy = `swy() { printf '%s\\tsomething\\n' "$#:$*" "two words"; }`;
    const line = `COMP_WORDS=(swy vm get "" later); COMP_CWORD=3; _swy; printf '%s\\n' "\${COMPREPLY[@]}"`;
    const script = `${COMPLETION_SCRIPTS.bash}\n${swy}\n${line}`;
    const { stdout } = await promisify(execFile)("bash", ["--norc", "-c", script]);
    assert.equal(stdout, "4:__complete vm get \ntwo words\n");
  });
});
