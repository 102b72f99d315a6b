import { HostKind, HostOffload, SoftwareFlow } from "@switchyard/client";

const flow = (fields: Partial<SoftwareFlow>): SoftwareFlow =>
  SoftwareFlow.fromPartial({ inPort: "eth0", packetCount: 12n, sizeBytes: 1200n, ...fields });

/** A host whose offload is proven, with two flows that the card does not carry. */
export const offloadOf = (host: string): HostOffload =>
  HostOffload.fromPartial({
    host,
    hostKind: HostKind.SIMULATED,
    wanted: true,
    enabled: true,
    proof: { time: new Date(0), inPort: "eth0", outPort: "eth1" },
    hardwareShare: 0.985,
    hardwareShareTime: new Date(0),
    look: {
      time: new Date(0),
      hardwareFlowCount: 9,
      softwareFlowCount: 1,
      otherFlowCount: 1,
      softwareFlows: [
        flow({
          actions: "cxbr0",
          cause: "internal-port",
          explanation: "it goes to the bridge's own port",
        }),
        flow({
          actions: "eth1",
          cause: "tc-offload-off",
          explanation: "hw-tc-offload is off on a port that it passes: eth0",
          fix: "ethtool -K eth0 hw-tc-offload on",
        }),
      ],
    },
  });
