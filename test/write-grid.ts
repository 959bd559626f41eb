/** Writes scenarios/grid: `node dist/test/write-grid.js`. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from './support/dmarsim.ts';
import { gridCells, gridText, nameOf } from './support/grid.ts';

const folder = join(root, 'scenarios', 'grid');
rmSync(folder, { recursive: true, force: true });
mkdirSync(folder, { recursive: true });
for (const cell of gridCells) writeFileSync(join(folder, `${nameOf(cell)}.dmar`), gridText(cell));
