import {
  type EvacuateHostRequest,
  Host,
  MigrationCapability,
  MigrationMethod,
  Move,
  MovePhase,
  type MoveVmRequest,
} from "@switchyard/proto";

const moveOf = (vm: string, change: Partial<Move> = {}): Move =>
  Move.fromPartial({
    name: `moves/${vm}`,
    vm: `vms/${vm}`,
    sourceHost: "hosts/r740-01",
    targetHost: "hosts/r740-02",
    phase: MovePhase.DONE,
    ...change,
  });

const failure = (reason: string, message: string) => ({
  reason,
  message,
  metadata: {},
  step: "",
});

/** Of two VMs one moves, and one stays; a move of `web-bad` fails. */
export const moveAnswers = {
  cordonHost: ({ name, reason }: { name: string; reason: string }) =>
    Host.fromPartial({ name, cordon: { reason } }),
  uncordonHost: ({ name }: { name: string }) => Host.fromPartial({ name }),
  evacuateHost: ({ name }: EvacuateHostRequest) => ({
    moves: [moveOf("web-1")],
    staying:
      name === "hosts/lab-1"
        ? [{ vm: "vms/web-2", failure: failure("VM_NOT_MOVABLE", "VM web-2 can't be moved") }]
        : [],
  }),
  restoreHome: () => ({ moves: [moveOf("web-1")], staying: [] }),
  fenceHost: () => ({ job: undefined }),
  moveVm: ({ vm }: MoveVmRequest) => moveOf(vm.replace("vms/", ""), { phase: MovePhase.QUEUED }),
  getMove: ({ name }: { name: string }) =>
    name === "moves/web-bad"
      ? moveOf("web-bad", {
          phase: MovePhase.FAILED,
          failure: failure("NO_CAPACITY", "no host has room for web-bad"),
        })
      : moveOf(name.replace("moves/", "")),
  getMigrationCapability: ({ vm }: { vm: string }) =>
    MigrationCapability.fromPartial({
      vm,
      method: MigrationMethod.COLD,
      obstacles: [
        { method: MigrationMethod.LIVE_VDPA, found: "no suspend", needs: "a driver with suspend" },
      ],
    }),
};
