/** Version the controller says it is; that of the release it is bundled into. */
export const CONTROLLER_VERSION = "0.1.0";
