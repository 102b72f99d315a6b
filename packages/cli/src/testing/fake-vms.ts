import { HostKind, Network, NicKind, PlacementReport, Vm, VmState } from "@switchyard/proto";

const network = Network.fromPartial({
  name: "networks/lan",
  etag: "7",
  spec: {
    bridge: "cxbr0",
    subnet: "192.168.101.0/24",
    reservations: [{ address: "192.168.101.20", vm: "vms/web-1" }],
  },
});

const report = PlacementReport.fromPartial({
  host: "hosts/r740-01",
  verdicts: [
    {
      host: "hosts/r740-01",
      fits: true,
      total: 7.5,
      scores: [{ weigher: "load", score: 0.9375, weight: 8 }],
      slots: [{ pfPciAddress: "0000:82:00.0", vfIndex: 3, numaNode: 1 }],
    },
    {
      host: "hosts/r740-02",
      refusals: [
        {
          filter: "memory",
          found: "2048 MiB free",
          needs: "4096 MiB",
          change: "2048 MiB more memory",
        },
      ],
    },
  ],
  fittingHostCount: 1,
  refusingHostCount: 1,
});

const vm = Vm.fromPartial({
  guest: {
    hostname: "web-1",
    os: "Rocky Linux 9.4",
    kernelRelease: "5.14.0",
    netdevs: [{ name: "eth0", addresses: ["192.168.101.20/24"] }],
  },
  freeze: { fileSystemCount: 2, thawTime: new Date("2026-11-27T12:00:30Z") },
  name: "vms/web-1",
  state: VmState.RUNNING,
  job: "jobs/j1",
  spec: {
    vcpuCount: 4,
    memoryBytes: 4n * 1024n ** 3n,
    nics: [{ network: "networks/lan", kind: NicKind.VDPA, queuePairs: 4 }],
  },
  allocation: {
    host: "hosts/r740-01",
    hostKind: HostKind.SIMULATED,
    nics: [
      {
        kind: NicKind.VDPA,
        network: "networks/lan",
        pfPciAddress: "0000:82:00.0",
        vfIndex: 1,
        mac: "52:54:00:cb:45:11",
        address: "192.168.101.20/24",
        bridge: "cxbr0",
        queuePairs: 4,
      },
    ],
  },
});

/** One VM in one network; of a batch the first two find a place. */
export const vmAnswers = {
  createNetwork: ({ network: wanted }: { network: object }) => wanted,
  getNetwork: () => network,
  updateNetwork: ({ network: changed }: { network: object }) => changed,
  createVm: ({ validateOnly }: { validateOnly: boolean }) =>
    validateOnly ? { ...vm, placement: report } : vm,
  batchCreateVms: ({ vmIds }: { vmIds: string[] }) => ({
    vms: vmIds.slice(0, 2).map((id) => ({ ...vm, name: `vms/${id}` })),
    unplacedVmIds: vmIds.slice(2),
    unplacedReport: vmIds.length > 2 ? { ...report, host: "", fittingHostCount: 0 } : undefined,
  }),
  explainPlacement: () => report,
  getVm: () => vm,
  listVms: () => ({ vms: [vm], nextPageToken: "" }),
  deleteVm: () => vm,
  startVm: () => vm,
  stopVm: () => vm,
  rebootVm: () => vm,
  updateVm: () => vm,
  freezeVm: () => ({
    freezeId: "freeze-1",
    fileSystemCount: 2,
    thawTime: new Date("2026-11-27T12:00:30Z"),
  }),
  thawVm: ({ name }: { name: string }) => ({ fileSystemCount: name === "vms/late" ? 0 : 2 }),
  execInVm: ({ argv }: { argv: readonly string[] }) =>
    argv[0] === "false"
      ? { exitCode: 3, stdout: "", stderr: "no\n", truncated: false }
      : { exitCode: 0, stdout: "Filesystem\n", stderr: "", truncated: false },
};
