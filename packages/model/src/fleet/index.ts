export {
  type Fleet,
  type FleetFreeze,
  FREEZE_WINDOW_MS,
  type FreezeCause,
  freezeText,
  lostTogetherMax,
} from "./freeze.ts";
