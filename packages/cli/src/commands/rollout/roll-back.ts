import { steeringVerb } from "./steer.ts";

export const verb = steeringVerb(({ rollBackRollout }) => rollBackRollout);
