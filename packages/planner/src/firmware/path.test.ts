import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  compareFirmware,
  type FirmwareImage,
  parseArtefactSource,
  parseFirmwareVersion,
  parsePsid,
  parseSha256,
} from "@switchyard/model";
import { seededRandom } from "@switchyard/runtime";
import { type FirmwarePath, planFirmwarePath } from "./path.ts";

const PSID = parsePsid("DEL0000000027");
const v = parseFirmwareVersion;

function image(version: string, requires?: string, psid = PSID): FirmwareImage {
  return {
    kind: "dell-dup",
    artefact: {
      source: parseArtefactSource(`/fw/${version}`),
      sha256: parseSha256("0".repeat(64)),
      sizeBytesMax: 1,
    },
    psid,
    version: v(version),
    requiresVersion: requires === undefined ? undefined : v(requires),
  };
}

const card = (running: string, stored = running) => ({
  psid: PSID,
  running: v(running),
  stored: v(stored),
});

const versions = (path: FirmwarePath): readonly string[] =>
  path.kind === "hops"
    ? path.hops.map(({ version, image: own }) => `${version}${own === undefined ? " due" : ""}`)
    : [path.kind];

describe("planFirmwarePath", () => {
  it("goes to the newest image for the card in one step where it can", () => {
    const images = [image("22.36.1010"), image("22.39.1002")];
    assert.deepEqual(versions(planFirmwarePath(card("22.27.6106"), images, false)), ["22.39.1002"]);
  });

  it("takes as few stepping stones as there must be", () => {
    const images = [
      image("22.41.1000", "22.35.1000"),
      image("22.31.1014"),
      image("22.35.1012", "22.31.1014"),
      image("22.36.1010", "22.31.1014"),
    ];
    assert.deepEqual(versions(planFirmwarePath(card("22.27.6106"), images, false)), [
      "22.31.1014",
      "22.36.1010",
      "22.41.1000",
    ]);
    assert.deepEqual(versions(planFirmwarePath(card("22.33.1000"), images, false)), [
      "22.36.1010",
      "22.41.1000",
    ]);
  });

  it("says that no chain of images leads there", () => {
    const images = [image("22.41.1000", "22.35.1000"), image("22.34.1000")];
    assert.deepEqual(versions(planFirmwarePath(card("22.27.6106"), images, true)), ["no-chain"]);
  });

  it("boots what is stored instead of burning it again", () => {
    const images = [image("22.39.1002"), image("22.41.1000", "22.35.1000")];
    assert.deepEqual(versions(planFirmwarePath(card("22.27.6106", "22.39.1002"), images, false)), [
      "22.39.1002 due",
      "22.41.1000",
    ]);
    const only = [image("22.39.1002")];
    assert.deepEqual(versions(planFirmwarePath(card("22.27.6106", "22.39.1002"), only, false)), [
      "22.39.1002 due",
    ]);
  });

  it("never goes back unless it is allowed to", () => {
    const images = [image("22.39.1002")];
    const newer = card("22.41.1000");
    assert.deepEqual(versions(planFirmwarePath(newer, images, false)), ["downgrade"]);
    const allowed = planFirmwarePath(newer, images, true);
    assert.deepEqual(versions(allowed), ["22.39.1002"]);
    assert.equal(allowed.kind === "hops" && allowed.isDowngrade, true);
  });

  it("looks at no image for another PSID or another family of cards", () => {
    const other = image("22.41.1000", undefined, parsePsid("MT_0000000359"));
    assert.deepEqual(versions(planFirmwarePath(card("22.27.6106"), [other], true)), ["no-image"]);
    const family = image("16.35.1012");
    assert.deepEqual(versions(planFirmwarePath(card("22.27.6106"), [family], true)), [
      "other-family",
    ]);
  });

  it("has nothing to do for a card that runs the newest image", () => {
    assert.deepEqual(versions(planFirmwarePath(card("22.39.1002"), [image("22.39.1002")], false)), [
      "up-to-date",
    ]);
  });

  it("only ever plans chains that every firmware on them can take, upwards, to the newest", () => {
    const random = seededRandom(7);
    const pick = () => `22.${10 + Math.floor(random.float() * 9)}.1000`;
    for (let round = 0; round < 500; round += 1) {
      const images = Array.from({ length: 6 }, () =>
        random.float() < 0.5 ? image(pick()) : image(pick(), pick()),
      );
      const from = card(pick());
      const path = planFirmwarePath(from, images, false);
      if (path.kind !== "hops") continue;
      let running = from.running;
      for (const { image: own } of path.hops) {
        assert.ok(own && compareFirmware(own.version, running) > 0);
        assert.ok(!own.requiresVersion || compareFirmware(running, own.requiresVersion) >= 0);
        running = own.version;
      }
      const newest = images
        .map(({ version }) => version)
        .sort(compareFirmware)
        .at(-1);
      assert.equal(running, newest);
    }
  });
});
