import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { parse } from "yaml";

const read = (path: string): string =>
  readFileSync(new URL(`../../deploy/${path}`, import.meta.url), "utf8");

interface Service {
  readonly image?: string;
  readonly build?: { readonly target: string };
  readonly environment?: Readonly<Record<string, string>>;
  readonly volumes?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly healthcheck?: object;
}

const compose = parse(read("containers/compose.yaml"), { merge: true }) as {
  readonly services: Readonly<Record<string, Service>>;
  readonly volumes: Readonly<Record<string, null>>;
};
const containerfile = read("containers/Containerfile");
const services = Object.entries(compose.services);
const targets = new Map(
  containerfile.split(/^FROM \S+ AS /m).map((text) => [text.split("\n")[0] ?? "", text]),
);

/** Keys that a configuration file documents, as variables. */
const variablesOf = (file: string): readonly string[] =>
  [...read(file).matchAll(/^(?:# )?([a-z_]+):(?: |$)/gm)].map(
    ([, key]) => `SY_${key?.toUpperCase()}`,
  );

// Parsed only, so also where no engine runs; containers/containers.test.ts brings it up.
describe("deploy/containers/compose.yaml", () => {
  it("builds only what the Containerfile has", () => {
    const wanted = services.flatMap(([, { build }]) => (build === undefined ? [] : [build.target]));
    assert.ok(wanted.length > 0);
    for (const target of wanted) assert.ok(targets.has(target), target);
  });

  it("waits for health only where something tells of it", () => {
    for (const [name, { depends_on: needs = {} }] of services) {
      for (const [other, { condition }] of Object.entries(needs)) {
        const needed = compose.services[other];
        assert.ok(needed !== undefined, `${name} needs ${other}`);
        if (condition !== "service_healthy") continue;
        const image = targets.get(needed.build?.target ?? "") ?? "";
        assert.ok(needed.healthcheck !== undefined || image.includes("HEALTHCHECK"), other);
      }
    }
  });

  it("sets only variables that controllers and agents know", () => {
    const known = {
      controller: variablesOf("config/controller.yaml"),
      "sim-agent": [
        ...variablesOf("config/agent.yaml"),
        "SY_SIM_SOCKET",
        "SY_SIM_ADMIN_TOKEN_FILE",
      ],
    };
    for (const [target, variables] of Object.entries(known)) {
      const ours = services.filter(([, { build }]) => build?.target === target);
      assert.ok(ours.length > 0, target);
      for (const [name, { environment = {} }] of ours) {
        const unknown = Object.keys(environment).filter((each) => !variables.includes(each));
        assert.deepEqual(unknown, [], name);
      }
    }
  });

  it("mounts only volumes that it makes", () => {
    const mounted = services.flatMap(([, { volumes = [] }]) =>
      volumes.map((each) => each.split(":")[0]),
    );
    assert.deepEqual([...new Set(mounted)].sort(), Object.keys(compose.volumes).sort());
  });

  it("keeps the key of every host in a volume, in a folder of its own", () => {
    const agents = services.filter(([, { build }]) => build?.target === "sim-agent");
    const folders = agents.map(([, { environment }]) => environment?.["SY_DATA_FOLDER"] ?? "");
    assert.equal(new Set(folders).size, agents.length);
    for (const [index, [name, { volumes = [] }]] of agents.entries()) {
      const kept = volumes.map((each) => each.split(":")[1] ?? "");
      assert.ok(
        kept.some((each) => folders[index]?.startsWith(`${each}/`)),
        name,
      );
    }
  });

  it("says nothing that Debian's docker-compose 1.29 refuses", () => {
    const known = ["services", "volumes", "networks", "version"];
    const others = Object.keys(compose).filter((each) => !each.startsWith("x-"));
    assert.deepEqual(
      others.filter((each) => !known.includes(each)),
      [],
    );
  });

  it("gives every simulated host an agent and a machine", () => {
    const hosts = services.flatMap(([, { environment }]) => environment?.["SY_HOST"] ?? []);
    assert.deepEqual(hosts, ["r740-01", "r740-02", "r740-03", "r740-04", "r740-05", "r740-06"]);
    assert.match(targets.get("sim-machines") ?? "", /"--hosts", "6"/);
  });
});
