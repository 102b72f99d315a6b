import type { Inventory } from "@switchyard/client";
import { formatBytes } from "../output/values.ts";

type SystemFacts = NonNullable<Inventory["system"]>;
type Field = readonly [name: string, value: string | undefined];

/** What preflight goes by, for people; what the host does not tell is left out. */
export const systemFactFields = ({ system }: Inventory): readonly Field[] =>
  system === undefined
    ? []
    : [
        ["runs in", system.virtualization === "none" ? "" : system.virtualization],
        ["numa", system.numaNodes.map(nodeText).join("; ")],
        ["huge pages", system.hugepages.map(hugepageText).join(", ")],
        ["disks", system.disks.map(diskText).join("; ")],
        ["security", securityText(system)],
        ["clock", clockText(system)],
        [
          "updated",
          system.rebootRequiredBy.join(", ") &&
            `${system.rebootRequiredBy.join(", ")}: waits for a reboot`,
        ],
      ];

const nodeText = ({ node, threadCount, memoryBytes }: SystemFacts["numaNodes"][number]): string =>
  `node ${node}: ${threadCount} threads, ${formatBytes(memoryBytes)}`;

const hugepageText = ({ sizeBytes, count }: SystemFacts["hugepages"][number]): string =>
  `${count} of ${formatBytes(sizeBytes)}`;

const diskText = ({ path, sizeBytes, availableBytes }: SystemFacts["disks"][number]): string =>
  `${path} ${formatBytes(availableBytes)} of ${formatBytes(sizeBytes)} free`;

function securityText({ isSecureBoot, lockdown, selinux }: SystemFacts): string {
  const words = [
    ...(isSecureBoot === undefined ? [] : [`Secure Boot ${isSecureBoot ? "on" : "off"}`]),
    ...(lockdown === "" ? [] : [`lockdown ${lockdown}`]),
    ...(selinux === "" ? [] : [`SELinux ${selinux}`]),
  ];
  return words.join(", ");
}

const clockText = ({ isTimeSynchronized }: SystemFacts): string => {
  if (isTimeSynchronized === undefined) return "";
  return isTimeSynchronized ? "synchronized" : "not synchronized";
};
