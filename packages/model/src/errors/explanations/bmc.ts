import type { BMC_REASONS } from "../reasons/bmc.ts";
import { because, type ExplanationsOf } from "./explanation.ts";

export const BMC_EXPLANATIONS: ExplanationsOf<typeof BMC_REASONS> = {
  BMC_SETTINGS_INVALID: because(["the BMC's address or its file of credentials is malformed"]),
  BMC_FILE_EXPOSED: because(["the file's mode lets others read it"]),
  BMC_UNREACHABLE: because(["the BMC is on another network", "it is restarting"]),
  BMC_IDENTITY_WRONG: because([
    "its certificate is another than the one given",
    "another machine has its address",
  ]),
  BMC_CREDENTIALS_REFUSED: because(["the password is wrong or the account locked (H01)"]),
  BMC_BUSY: because(["the Lifecycle Controller works on something else"]),
  BMC_JOB_PENDING: because(["a configuration job waits for a boot (H03, H04)"], "HOST-REBOOT"),
  BMC_REQUEST_REFUSED: because(["the BMC's release lacks the feature", "a licence is missing"]),
  BMC_ANSWER_UNREADABLE: because(["a proxy or another service answers (H02)"]),
  BIOS_ATTRIBUTE_UNKNOWN: because(["the name is of another machine or release (H05)"]),
  BIOS_VALUE_REFUSED: because(["the value is not among those the BIOS offers"]),
  BIOS_SETTINGS_FAILED: because(["the BMC dropped the job", "the host was not rebooted"]),
  BIOS_NEEDS_BMC: because(["no BMC is named for this host"]),
  BIOS_VIRTUALIZATION_OFF: because(["the BIOS was reset or never set"], "A01", "A02"),
  BIOS_SRIOV_OFF: because(["SriovGlobalEnable is Disabled"], "A04"),
  NIC_SRIOV_OFF: because(["the card was delivered or reset so"], "A04"),
  NIC_FUNCTION_UNKNOWN: because(["the BMC's release does not show it", "the card is not Dell's"]),
  NIC_VIRTUALIZATION_FAILED: because(["the BMC dropped the job", "the host was not rebooted"]),
  BMC_UNVERIFIED: because(["no certificate of the BMC was given"]),
};
