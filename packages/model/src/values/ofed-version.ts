/**
 * Release of MLNX_OFED as its archive is named: `24.04-0.7.0.0`. Its kernel modules carry the same
 * without the last number: `24.04-0.7.0`.
 */
const RELEASE = /^\d{1,2}\.\d{2}-\d{1,3}(\.\d{1,3}){3}$/;

const MODULE_VERSION = /^\d{1,2}\.\d{2}-\d{1,3}(\.\d{1,3}){2}$/;

export const isOfedRelease = (text: string): boolean => RELEASE.test(text);
export const isOfedModuleVersion = (text: string): boolean => MODULE_VERSION.test(text);

/** Version that the modules of a release carry. @see `modinfo -F version mlx5_core` */
export const ofedModuleVersion = (release: string): string => release.replace(/\.\d+$/, "");
