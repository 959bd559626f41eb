/** Every release that there is: mainline, oldest first, then patches, then other ways. */
import {
  linux39, linux41, linux410, linux412, linux42CopyOnly, linux49rc5, linux511, linux53, linux61, linux612,
  linux69ScalableMode, linux70, linux70ScalableMode,
} from './mainline.ts';
import { patches } from './patches.ts';
import { policies } from './policies.ts';
import type { Release } from './release.ts';

export const releases: readonly Release[] = [
  linux39, linux41, linux42CopyOnly, linux49rc5, linux410, linux412, linux53, linux511, linux61,
  linux69ScalableMode, linux612, linux70, linux70ScalableMode, ...patches, ...policies,
];

export function releaseNamed(name: string): Release | undefined {
  return releases.find((release) => release.name === name);
}
