import {
  type Artefact,
  assertNever,
  type DriverBuildState,
  type DriverInfo,
  type DriverSpec,
} from "@switchyard/model";
import {
  type ArtefactSpec,
  type DriverInfo as ProtoDriverInfo,
  type DriverSpec as ProtoDriverSpec,
  DriverBuildState as State,
} from "@switchyard/proto";

export const toProtoArtefact = ({ source, sha256 }: Artefact): ArtefactSpec => ({ source, sha256 });

function toProtoChoice(spec: DriverSpec): NonNullable<ProtoDriverSpec["driver"]> {
  switch (spec.kind) {
    case "inbox":
      return { $case: "inbox", value: {} };
    case "mlnx-ofed":
      return {
        $case: "mlnxOfed",
        value: {
          version: spec.release,
          archive: toProtoArtefact(spec.archive),
          distribution: spec.distribution,
          extraFlags: [...spec.extraFlags],
        },
      };
    case "doca-ofed":
      return {
        $case: "docaOfed",
        value: {
          moduleVersion: spec.moduleVersion,
          repository: toProtoArtefact(spec.repository),
          packages: [...spec.packages],
        },
      };
    default:
      return assertNever(spec);
  }
}

export const toProtoDriverSpec = (spec: DriverSpec): ProtoDriverSpec => ({
  driver: toProtoChoice(spec),
});

const BUILD_STATE: Readonly<Record<DriverBuildState, State>> = {
  building: State.BUILDING,
  installed: State.INSTALLED,
  failed: State.FAILED,
};

export const toProtoDriverInfo = (info: DriverInfo): ProtoDriverInfo => ({
  module: info.module,
  isLoaded: info.loaded !== undefined,
  loadedVersion: info.loaded?.version ?? "",
  onDisk: info.onDisk.map(({ kernelRelease, version }) => ({
    kernelRelease,
    version: version ?? "",
    hasKernelHeaders: info.kernelsWithHeaders.includes(kernelRelease),
  })),
  release: info.release ?? "",
  builds: info.builds.map(({ kernelRelease, state, release, logFolder, failure }) => ({
    kernelRelease,
    state: BUILD_STATE[state],
    release,
    logFolder,
    failure,
  })),
});
