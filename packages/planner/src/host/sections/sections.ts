import { planBios } from "./bios.ts";
import { driverSection } from "./driver.ts";
import { firmwareSection } from "./firmware.ts";
import type { PlanSection } from "./section.ts";
import { systemSection } from "./system.ts";
import { virtualizationSection } from "./virtualization.ts";

/** What is set before the host boots once for all of it. */
export const SECTIONS_BEFORE_BOOT: readonly PlanSection[] = [
  planBios,
  systemSection,
  firmwareSection,
  virtualizationSection,
];

/** What needs the kernel that the boot brought; it may need another boot. */
export const SECTIONS_AFTER_BOOT: readonly PlanSection[] = [driverSection];
