/** One request against tables in memory, asked twice on fresh units: step by step and at one instant. */
import assert from 'node:assert/strict';
import type { Access } from '../../src/base/event.ts';
import type { Tree } from './tree.ts';
import { UnitDriver, type Settings } from './unit-driver.ts';

/** 00:04.0 */
export const device = 0x0020;

export interface Request {
  readonly source?: number;
  readonly address?: number;
  readonly access?: Access;
  readonly settings?: Settings;
}

/**
 * The unit with translation on and one page mapped for `device`, address 0x5000 to 0x20_0000 with both
 * rights, in a 4-level table of domain 5. What `arrange` changes is changed before the request.
 */
export function prepared(arrange: (driver: UnitDriver, tree: Tree) => void, settings: Settings = {}): UnitDriver {
  const driver = new UnitDriver(settings);
  const tree = driver.tree();
  tree.map(0x5000, 0x20_0003n);
  driver.context(device, tree.pointer, 0x0502n);
  driver.start();
  arrange(driver, tree);
  return driver;
}

/** The answer, the fault record and FSTS. */
function outcome(arrange: (driver: UnitDriver, tree: Tree) => void, request: Request, atOnce: boolean): string {
  const { source = device, address = 0x5000, access = 'read' } = request;
  const driver = prepared(arrange, request.settings);
  const answer = atOnce ? driver.dmaAtOnce(source, address, access) : driver.dma(source, address, access);
  return `${answer}, ${driver.record()}, 0x${driver.read32(0x34).toString(16)}`;
}

/** The request is blocked with this record (high half, low half) and nothing else happens. */
export function expectFault(
  name: string, record: string, request: Request, arrange: (driver: UnitDriver, tree: Tree) => void,
): void {
  const [high = ''] = record.split(' ');
  const reason = (BigInt(high) / 2n ** 32n) % 256n;
  for (const atOnce of [false, true]) {
    assert.equal(outcome(arrange, request, atOnce), `blocked 0x${reason.toString(16)}, ${record}, 0x2`, name);
  }
}

/** The request is blocked for this reason, and no register tells of it. */
export function expectHidden(
  name: string, reason: string, request: Request, arrange: (driver: UnitDriver, tree: Tree) => void,
): void {
  for (const atOnce of [false, true]) {
    assert.equal(outcome(arrange, request, atOnce), `blocked ${reason}, 0x0 0x0, 0x0`, name);
  }
}

/** The request is answered like this, and no fault is recorded. */
export function expectAnswer(
  name: string, answer: string, request: Request, arrange: (driver: UnitDriver, tree: Tree) => void,
): void {
  for (const atOnce of [false, true]) {
    assert.equal(outcome(arrange, request, atOnce), `${answer}, 0x0 0x0, 0x0`, name);
  }
}
