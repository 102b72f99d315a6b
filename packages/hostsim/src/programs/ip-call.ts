/* What the parts of ip(8) share. */

export class IpFailure extends Error {
  readonly exitCode: number;

  constructor(message: string, exitCode: number) {
    super(message);
    this.exitCode = exitCode;
  }
}

export const usage = (message: string): IpFailure => new IpFailure(message, 255);

export interface View {
  readonly isJson: boolean;
  readonly hasDetails: boolean;
  readonly hasStatistics: boolean;
  readonly isIpv6: boolean;
}
