import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Host } from "@switchyard/client";
import { createStyle } from "../output/style.ts";
import { formatTable } from "../output/table.ts";
import { cardsOf, cardView } from "./card.ts";

const style = createStyle({ isColored: false, isUnicode: false });

const hostWith = (nic: object) =>
  Host.fromPartial({
    name: "hosts/r740-07",
    inventory: {
      nics: [
        {
          model: "ConnectX-6 Dx",
          psid: "DEL0000000027",
          pfs: [{ pciAddress: "0000:82:00.0" }, { pciAddress: "0000:82:00.1" }],
          ...nic,
        },
      ],
    },
  });

const row = (nic: object): string =>
  formatTable(cardView.columns, cardsOf(hostWith(nic)), { style, hasHeaders: false });

const parameter = (name: string, currentValue: string, nextBootValue: string) => ({
  name,
  currentValue,
  nextBootValue,
});

describe("the list of cards", () => {
  it("shows what runs, what is stored, and what a boot would bring", () => {
    const due = [parameter("NUM_OF_VFS", "8", "16"), parameter("UCTX_EN", "True(1)", "True(1)")];
    const nic = {
      runningFirmware: "22.27.61.06",
      storedFirmware: "22.39.10.02",
      firmwareConfig: {
        tools: "mft",
        isSecure: true,
        pfs: ["0000:82:00.0", "0000:82:00.1"].map((pciAddress) => ({
          pciAddress,
          parameters: due,
        })),
      },
    };
    assert.match(
      row(nic),
      /^r740-07 +0000:82:00\.0 .* 22\.27\.61\.06 +22\.39\.10\.02 +22\.39\.10\.02, NUM_OF_VFS at the next boot +yes +mft$/m,
    );
    const waiting = { ...nic, firmwareConfig: { ...nic.firmwareConfig, needsColdCycle: true } };
    assert.match(row(waiting), /at the next cold cycle/);
  });

  it("leaves open what the agent could not ask", () => {
    const nic = { runningFirmware: "22.39.10.02", storedFirmware: "22.39.10.02" };
    assert.match(row(nic), /22\.39\.10\.02 +- +- +-$/m);
    assert.deepEqual(cardsOf(Host.fromPartial({ name: "hosts/new" })), []);
  });
});
