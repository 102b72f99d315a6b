// Made by `./dev generate` from the names in the files beside it.
export {
  ErrorInfo,
  ErrorInfo_MetadataEntry,
  RetryInfo,
  DebugInfo,
  QuotaFailure,
  QuotaFailure_Violation,
  QuotaFailure_Violation_QuotaDimensionsEntry,
  PreconditionFailure,
  PreconditionFailure_Violation,
  BadRequest,
  BadRequest_FieldViolation,
  RequestInfo,
  ResourceInfo,
  Help,
  Help_Link,
  LocalizedMessage,
} from "./google/rpc/error_details.ts";

export {
  Status,
} from "./google/rpc/status.ts";

export {
  JobEnvelope,
  JobEventEnvelope,
  InventoryEnvelope,
  Heartbeat,
  RunningJob,
  TelemetryBatch,
  TelemetryFrame,
  HostCommand,
  SignedRequest,
  SessionFrame,
  SessionEnd,
  SessionEnd_MetadataEntry,
  HostCommandReply,
  HostCommandReply_MetadataEntry,
  DiskTicket,
  DiskPieceRequest,
  DiskPieceReply,
} from "./switchyard/v1/agent_protocol.ts";

export {
  ArtefactSpec,
} from "./switchyard/v1/artefact.ts";

export {
  NicVirtualization,
  nicVirtualizationFromJSON,
  nicVirtualizationToJSON,
  BmcTrust,
  bmcTrustFromJSON,
  bmcTrustToJSON,
  PowerState,
  powerStateFromJSON,
  powerStateToJSON,
  BiosSpec,
  BiosSpec_AttributesEntry,
  Bmc,
  BmcFacts,
  BmcFacts_BiosAttributesEntry,
  BmcFacts_PendingAttributesEntry,
  BmcNicFunction,
  BmcJob,
} from "./switchyard/v1/bios.ts";

export {
  HostKind,
  hostKindFromJSON,
  hostKindToJSON,
  ChangeType,
  changeTypeFromJSON,
  changeTypeToJSON,
  FindingSeverity,
  findingSeverityFromJSON,
  findingSeverityToJSON,
  WatchProgress,
  Finding,
  Ipv4Range,
} from "./switchyard/v1/common.ts";

export {
  CheckStatus,
  checkStatusFromJSON,
  checkStatusToJSON,
  SafeFix,
  safeFixFromJSON,
  safeFixToJSON,
  Likelihood,
  likelihoodFromJSON,
  likelihoodToJSON,
  Soundness,
  soundnessFromJSON,
  soundnessToJSON,
  Check,
  CheckResult,
  DiagnosisReport,
  RankedCause,
  DecisionStep,
  SymptomExplanation,
} from "./switchyard/v1/diagnosis.ts";

export {
  DiagnoseHostRequest,
  DiagnoseControllerRequest,
  ListChecksRequest,
  ListChecksResponse,
  ExplainSymptomRequest,
  DiagnosisServiceService,
  type DiagnosisServiceServer,
  DiagnosisServiceClient,
} from "./switchyard/v1/diagnosis_service.ts";

export {
  DriverBuildState,
  driverBuildStateFromJSON,
  driverBuildStateToJSON,
  DriverSpec,
  InboxDriver,
  MlnxOfedDriver,
  DocaOfedDriver,
  DriverInfo,
  DriverOnDisk,
  DriverBuild,
} from "./switchyard/v1/driver.ts";

export {
  CreateEnrollmentTokenRequest,
  CreateEnrollmentTokenRequest_LabelsEntry,
  EnrollmentToken,
  EnrollRequest,
  EnrollResponse,
  SigningKey,
  EnrollmentServiceService,
  type EnrollmentServiceServer,
  EnrollmentServiceClient,
} from "./switchyard/v1/enrollment_service.ts";

export {
  Event,
  Event_DetailsEntry,
} from "./switchyard/v1/event.ts";

export {
  ListEventsRequest,
  ListEventsResponse,
  WatchEventsRequest,
  WatchEventsResponse,
  EventServiceService,
  type EventServiceServer,
  EventServiceClient,
} from "./switchyard/v1/event_service.ts";

export {
  FirmwareImageKind,
  firmwareImageKindFromJSON,
  firmwareImageKindToJSON,
  FirmwareSpec,
  FirmwareSpec_ConfigEntry,
  FirmwareImage,
  FirmwareConfig,
  PfFirmwareConfig,
  FirmwareParameter,
} from "./switchyard/v1/firmware.ts";

export {
  HostState,
  hostStateFromJSON,
  hostStateToJSON,
  BootRestoreState,
  bootRestoreStateFromJSON,
  bootRestoreStateToJSON,
  Host,
  Host_LabelsEntry,
  Drift,
  Capacity,
  Inventory,
  BootRestore,
  Nic,
  Pf,
  Vf,
  VdpaDevice,
  Link,
  Ovs,
  Bridge,
  BridgePort,
  ObservedVm,
} from "./switchyard/v1/host.ts";

export {
  GetHostRequest,
  ListHostsRequest,
  ListHostsRequest_LabelSelectorEntry,
  ListHostsResponse,
  UpdateHostRequest,
  SetDatapathModeRequest,
  WatchHostsRequest,
  WatchHostsRequest_LabelSelectorEntry,
  WatchHostsResponse,
  HostChange,
  HostServiceService,
  type HostServiceServer,
  HostServiceClient,
} from "./switchyard/v1/host_service.ts";

export {
  ImageCopyState,
  imageCopyStateFromJSON,
  imageCopyStateToJSON,
  Image,
  ImageSpec,
  ImageCopy,
} from "./switchyard/v1/image.ts";

export {
  CreateImageRequest,
  GetImageRequest,
  ListImagesRequest,
  ListImagesResponse,
  DeleteImageRequest,
  ListImageCopiesRequest,
  ListImageCopiesResponse,
  FetchImageRequest,
  WatchImagesRequest,
  WatchImagesResponse,
  ImageChange,
  ImageServiceService,
  type ImageServiceServer,
  ImageServiceClient,
} from "./switchyard/v1/image_service.ts";

export {
  JobKind,
  jobKindFromJSON,
  jobKindToJSON,
  JobState,
  jobStateFromJSON,
  jobStateToJSON,
  GuardOutcome,
  guardOutcomeFromJSON,
  guardOutcomeToJSON,
  Job,
  JobResult,
  DiskSeal,
  PingResult,
  JobFailure,
  JobFailure_MetadataEntry,
  JobEvent,
  JobEvent_Accepted,
  JobEvent_Planned,
  JobEvent_StepStarted,
  JobEvent_CommandRun,
  JobEvent_StepFinished,
  JobEvent_StepUndone,
  JobEvent_StepGuarded,
  JobEvent_LogLine,
  JobEvent_Ended,
  JobEvent_RejectedStale,
} from "./switchyard/v1/job.ts";

export {
  GetJobRequest,
  ListJobsRequest,
  ListJobsResponse,
  WatchJobsRequest,
  WatchJobsResponse,
  JobChange,
  CancelJobRequest,
  CreateNoopJobRequest,
  BatchCreateNoopJobsRequest,
  BatchCreateNoopJobsResponse,
  ListJobEventsRequest,
  ListJobEventsResponse,
  WatchJobEventsRequest,
  ListJobSnapshotsRequest,
  ListJobSnapshotsResponse,
  GetJobSnapshotRequest,
  DiffJobSnapshotsRequest,
  DiffJobSnapshotsResponse,
  JobServiceService,
  type JobServiceServer,
  JobServiceClient,
} from "./switchyard/v1/job_service.ts";

export {
  Network,
  NetworkSpec,
  RateLimit,
  AddressReservation,
  AddressPool,
} from "./switchyard/v1/network.ts";

export {
  CreateNetworkRequest,
  GetNetworkRequest,
  ListNetworksRequest,
  ListNetworksResponse,
  UpdateNetworkRequest,
  DeleteNetworkRequest,
  WatchNetworksRequest,
  WatchNetworksResponse,
  NetworkChange,
  NetworkServiceService,
  type NetworkServiceServer,
  NetworkServiceClient,
} from "./switchyard/v1/network_service.ts";

export {
  PlanState,
  planStateFromJSON,
  planStateToJSON,
  Disruption,
  disruptionFromJSON,
  disruptionToJSON,
  Plan,
  PlannedStep,
  PlannedCommand,
  PlannedCommand_Run,
  PlannedCommand_Write,
} from "./switchyard/v1/plan.ts";

export {
  VmPolicy,
  vmPolicyFromJSON,
  vmPolicyToJSON,
  PlanGoal,
  planGoalFromJSON,
  planGoalToJSON,
  CreatePlanRequest,
  GetPlanRequest,
  ListPlansRequest,
  ListPlansResponse,
  ApplyPlanRequest,
  WatchPlansRequest,
  WatchPlansResponse,
  PlanChange,
  PlanServiceService,
  type PlanServiceServer,
  PlanServiceClient,
} from "./switchyard/v1/plan_service.ts";

export {
  DriftPolicy,
  driftPolicyFromJSON,
  driftPolicyToJSON,
  DatapathMode,
  datapathModeFromJSON,
  datapathModeToJSON,
  BondMode,
  bondModeFromJSON,
  bondModeToJSON,
  VfDriver,
  vfDriverFromJSON,
  vfDriverToJSON,
  Profile,
  ProfileSpec,
  ProfileSpec_SelectorEntry,
  Datapath,
  Bond,
  PortSelector,
  BridgeSpec,
} from "./switchyard/v1/profile.ts";

export {
  CreateProfileRequest,
  DescribeHostRequest,
  DescribeHostResponse,
  GetProfileRequest,
  ListProfilesRequest,
  ListProfilesResponse,
  UpdateProfileRequest,
  DeleteProfileRequest,
  WatchProfilesRequest,
  WatchProfilesResponse,
  ProfileChange,
  DiffProfileRequest,
  DiffProfileResponse,
  HostDiff,
  FieldDiff,
  ProfileServiceService,
  type ProfileServiceServer,
  ProfileServiceClient,
} from "./switchyard/v1/profile_service.ts";

export {
  JobSnapshot,
  UnreadArea,
  MissingSnapshot,
  SnapshotChange,
} from "./switchyard/v1/snapshot.ts";

export {
  SystemSpec,
  Repository,
  SystemFacts,
  NumaNode,
  InstalledKernel,
  BootEntry,
  Iommu,
  Iommu_GroupTypesEntry,
  Hugepages,
  DiskSpace,
} from "./switchyard/v1/system.ts";

export {
  Sample,
} from "./switchyard/v1/telemetry.ts";

export {
  ListSamplesRequest,
  ListSamplesResponse,
  ListLatestSamplesRequest,
  ListLatestSamplesResponse,
  WatchSamplesRequest,
  WatchSamplesResponse,
  TelemetryServiceService,
  type TelemetryServiceServer,
  TelemetryServiceClient,
} from "./switchyard/v1/telemetry_service.ts";

export {
  VirtualizationSpec,
  QemuSource,
  LibvirtUser,
  Virtualization,
  InstalledQemu,
} from "./switchyard/v1/virtualization.ts";

export {
  VmRuntime,
  vmRuntimeFromJSON,
  vmRuntimeToJSON,
  NicKind,
  nicKindFromJSON,
  nicKindToJSON,
  GuestSetupMethod,
  guestSetupMethodFromJSON,
  guestSetupMethodToJSON,
  VmState,
  vmStateFromJSON,
  vmStateToJSON,
  Vm,
  VmSpec,
  VmSpec_HostSelectorEntry,
  NicSpec,
  DiskBoot,
  ImageBoot,
  GuestSetup,
  KernelBoot,
  Allocation,
  AllocatedNic,
} from "./switchyard/v1/vm.ts";

export {
  CreateVmRequest,
  GetVmRequest,
  ListVmsRequest,
  ListVmsResponse,
  DeleteVmRequest,
  StartVmRequest,
  StopVmRequest,
  RebootVmRequest,
  UpdateVmRequest,
  PingFromVmRequest,
  WatchVmsRequest,
  WatchVmsResponse,
  VmChange,
  ConnectConsoleRequest,
  ConsoleOpening,
  ConnectConsoleResponse,
  ConsoleOpened,
  ConsoleClosed,
  ReadVmLogRequest,
  ReadVmLogResponse,
  ExecInVmRequest,
  ExecInVmResponse,
  VmServiceService,
  type VmServiceServer,
  VmServiceClient,
} from "./switchyard/v1/vm_service.ts";
