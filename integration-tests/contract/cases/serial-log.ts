import { boundSerialLog, readSerialLog } from "@switchyard/host";
import { type ContractGroup, isDone, returns } from "../contract.ts";
import type { Ground } from "../ground.ts";

const FOLDER = "/var/lib/switchyard/contract-serial";
const PATHS = {
  serialLog: `${FOLDER}/log`,
  serialOldLog: `${FOLDER}/old`,
  serialBase: `${FOLDER}/base`,
};
const BOUNDS = { maxBytes: 8, keepBytes: 4 };
const cut = ({ host }: Ground) => boundSerialLog(host, PATHS, BOUNDS);
const read =
  (fromByte: number) =>
  async ({ host }: Ground) => {
    const request = { fromByte, tailBytes: 0, maxBytes: 100 };
    const { text, startByte, nextByte } = await readSerialLog(host, PATHS, request);
    return { text, startByte, nextByte };
  };

export const serialLogGroup: ContractGroup = {
  name: "serial logs",
  calls: [
    {
      name: "there is none",
      call: read(0),
      expected: returns({ text: "", startByte: 0, nextByte: 0 }),
    },
    {
      name: "one is written",
      call: ({ host }) => host.replaceFile(PATHS.serialLog, "0123456789"),
      expected: isDone,
    },
    {
      name: "it is read from a byte on",
      call: read(7),
      expected: returns({ text: "789", startByte: 7, nextByte: 10 }),
    },
    { name: "it is cut", call: cut, expected: returns(true) },
    { name: "it is short enough then", call: cut, expected: returns(false) },
    {
      name: "its end is kept, under the same numbers",
      call: read(0),
      expected: returns({ text: "6789", startByte: 6, nextByte: 10 }),
    },
    {
      name: "nothing is behind it",
      call: read(10),
      expected: returns({ text: "", startByte: 10, nextByte: 10 }),
    },
    { name: "all is removed", call: ({ host }) => host.remove(FOLDER), expected: isDone },
  ],
};
