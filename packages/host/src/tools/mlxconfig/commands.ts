import { type Argv, type FirmwareTools, firmwareProgram } from "@switchyard/model";

/**
 * Default, current and next value of all parameters that the card's firmware knows. Asking for one that it does
 * not know would fail the whole call.
 *
 * @see Mellanox/mstflint mlxconfig/
 */
export const mlxconfigQuery = (tools: FirmwareTools, device: string): Argv => [
  firmwareProgram("mlxconfig", tools),
  "-d",
  device,
  "-e",
  "q",
];
