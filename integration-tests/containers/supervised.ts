import { GenericContainer, type StartedNetwork } from "testcontainers";

/** A container that the engine starts again whenever it ends, as `restart: unless-stopped` of the compose file. */
export class SupervisedContainer extends GenericContainer {
  constructor(image: string) {
    super(image);
    this.hostConfig.RestartPolicy = { Name: "unless-stopped" };
  }

  /**
   * Joins the one network, where others find it under a name. The library's own aliases would put it on the engine's
   * default bridge too, so that cutting it off from the one would not cut it off.
   */
  joins(network: StartedNetwork, name: string): this {
    this.createOpts.NetworkingConfig = {
      EndpointsConfig: { [network.getName()]: { Aliases: [name] } },
    };
    return this.withNetwork(network);
  }
}
