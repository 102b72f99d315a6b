/** Version the agent reports; that of the release it is bundled into. */
export const AGENT_VERSION = "0.1.0";
