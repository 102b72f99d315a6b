import type { Context } from "../../context.ts";
import { freezeLine } from "../../views/fleet.ts";

/** Tells beside a table for people that the fleet is frozen; says nothing where it is not. */
export async function tellFreeze(context: Context): Promise<void> {
  if (context.settings.output !== "table") return;
  const { fleet } = await context.client();
  const { freeze } = await fleet.getFleet({});
  if (freeze !== undefined) context.talk(freezeLine(freeze, context.talkStyle));
}
