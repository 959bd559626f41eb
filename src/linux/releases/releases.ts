/** Every release that there is, oldest first. */
import {
  linux39, linux41, linux410, linux412, linux42CopyOnly, linux49rc5, linux511, linux53, linux61, linux612, linux70,
} from './mainline.ts';
import { patches } from './patches.ts';
import type { Release } from './release.ts';

export const releases: readonly Release[] = [
  linux39, linux41, linux42CopyOnly, linux49rc5, linux410, linux412, linux53, linux511, linux61, linux612, linux70, ...patches,
];

export function releaseNamed(name: string): Release | undefined {
  return releases.find((release) => release.name === name);
}
