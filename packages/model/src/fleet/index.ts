export {
  type Fleet,
  type FleetFreeze,
  FREEZE_WINDOW_MS,
  type FreezeCause,
  freezeText,
  lostTogetherMax,
  type StoredFreezeCause,
  type StrayVm,
} from "./freeze.ts";
