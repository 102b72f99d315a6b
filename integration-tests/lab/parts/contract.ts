import { parsePciAddress } from "@switchyard/model";
import { CONTRACT } from "../../contract/cases/index.ts";
import { type ContractResult, describeResult, runGroup } from "../../contract/contract.ts";
import type { Ground } from "../../contract/ground.ts";
import { createSimulatedGround } from "../../contract/simulated.ts";
import { type ConnectedLabHost, connectLabHost } from "../connect-host.ts";
import type { LabPart } from "../context.ts";
import { NETDEVSIM_HANDLE, NETDEVSIM_NUMVFS, SRIOV_TOTAL_VFS, type Topology } from "../topology.ts";

/**
 * The lab host's parts for the contract: netdevsim's eswitch, igb's VFs, the vDPA simulator, and two virtio
 * netdevs. The simulator of vDPA is a driver like any other to the kernel's vdpa core.
 */
function createLabGround(host: ConnectedLabHost, topology: Topology): Ground {
  const { sriovPf, uplink, vfs } = topology;
  return {
    name: "lab",
    host,
    parts: {
      eswitch: { handle: NETDEVSIM_HANDLE, numVfsPath: NETDEVSIM_NUMVFS },
      sriov: sriovPf && {
        pf: parsePciAddress(sriovPf.pciAddress),
        totalVfs: SRIOV_TOTAL_VFS,
        vfDriver: "igbvf",
      },
      mgmtdev: "vdpasim_net",
      makeMgmtdev: async () => undefined,
      removeMgmtdev: async () => undefined,
      netdevs: [uplink.netdev, vfs[0]?.representor.netdev ?? ""],
      modules: { loaded: "virtio_net", loadable: "nbd" },
    },
  };
}

/** The contract on a simulated host and on the lab's real kernel: both must answer alike. */
export const contractPart: LabPart = {
  name: "contract",
  run: async ({ labHost, report }) => {
    report.part("The contract: the same tool calls on a simulated host and on the real kernel");
    // Nobody loads drivers of new devices here, as udev does on a server.
    await labHost.output(["modprobe", "igbvf"]);
    const simulated = createSimulatedGround();
    await using host = await connectLabHost(labHost);
    const lab = createLabGround(host, labHost.topology);
    for (const group of CONTRACT) {
      const skipReason = group.skipReason?.(lab);
      if (skipReason !== undefined) {
        report.say(`skipped: ${group.name}: ${skipReason}`);
        continue;
      }
      const onSimulator = await runGroup(simulated, group);
      const onKernel = await runGroup(lab, group);
      const differing = onKernel.filter((result, at) => !result.isMet || !onSimulator[at]?.isMet);
      for (const result of differing) report.say(describePair(result, onSimulator));
      const what = `${group.name}: ${onKernel.length} calls, ${differing.length} differ`;
      report.verify(differing.length === 0, what);
    }
  },
};

const describePair = (result: ContractResult, onSimulator: readonly ContractResult[]): string => {
  const other = onSimulator.find(({ name }) => name === result.name);
  return `${describeResult(result)}; simulated ${JSON.stringify(other?.found)}`;
};
