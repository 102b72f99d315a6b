import { steeringVerb } from "./steer.ts";

export const verb = steeringVerb(({ abortRollout }) => abortRollout);
