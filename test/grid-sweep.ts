/**
 * All cells of the grid, by all releases, explored whole: `npm run sweep [-- --every-order] [--in-flight N]`. Each
 * verdict is held against the table that was worked out by hand; printed is a line for each file, and the cell
 * with the most states. Reduced it takes about ten minutes on one core; in every order about as long.
 */
import { parseArgs } from 'node:util';
import { explore } from '../src/analysis/explore/explore.ts';
import { defaultOptions } from '../src/analysis/explore/options.ts';
import { expectedOf, gridCells, gridReleases, gridText, nameOf, orders } from './support/grid.ts';
import { scenarioOf } from './support/handoff.ts';

const { values } = parseArgs({ options: { 'every-order': { type: 'boolean' }, 'in-flight': { type: 'string', default: '1' } } });
const options = {
  ...defaultOptions, shortest: false, reduce: values['every-order'] !== true, inFlight: Number(values['in-flight']),
};
const releases = gridReleases();
let wrong = 0;
let violated = 0;
let states = 0;
let largest = { name: '', states: 0 };

for (const cell of gridCells) {
  const scenario = scenarioOf(gridText(cell));
  let line = '';
  for (const release of releases) {
    const order = orders.get(release);
    if (order === undefined) throw new Error(`${release} is not in the table`);
    const found = explore({ ...scenario, capture: { ...scenario.capture, release } }, options);
    const outcomes = found.claims.map(({ outcome }) => outcome);
    const isDecided = found.end.kind === 'exhausted' && !outcomes.includes('vacuous');
    const isViolated = outcomes.includes('violated');
    const isRight = isDecided && isViolated === (expectedOf(order, cell) !== null);
    line += !isRight ? '?' : isViolated ? 'x' : '.';
    if (!isRight) {
      wrong += 1;
      console.log(`${nameOf(cell)} with ${release}: ${found.end.kind}, ${outcomes.join(' ')}`);
    }
    if (isViolated) violated += 1;
    states += found.states;
    if (found.states > largest.states) largest = { name: `${nameOf(cell)} with ${release}`, states: found.states };
  }
  console.log(`${nameOf(cell).padEnd(28)} ${line}`);
}
console.log(`${gridCells.length * releases.length} cells, ${options.inFlight} in flight, ${options.reduce ? 'reduced' : 'every order'}: `
  + `${violated} violated, ${wrong} not as worked out by hand; ${states} states, the most of them ${largest.states} (${largest.name})`);
process.exitCode = wrong === 0 ? 0 : 1;
