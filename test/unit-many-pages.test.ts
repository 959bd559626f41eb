// Protects what a unit without a trace does the short way: with many pages cached, a page-selective invalidation
// removes exactly the entries that share an address with its range, of every size and every source.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Random } from '../src/base/hash.ts';
import { domainIdNumber, frameNumber, sourceIdNumber } from '../src/base/word.ts';
import { invalidateIotlb } from './support/commands.ts';
import { UnitDriver } from './support/unit-driver.ts';

const seed = 20261126;
/** Two devices of one domain, one of another. */
const devices = [[0x0010, 5], [0x0110, 5], [0x0018, 6]] as const;
/** 300 small pages from 0 on, 2 MiB pages at 4, 6 and 8 MiB, a page of 1 GiB at 1 GiB. */
const pages = [
  ...Array.from({ length: 300 }, (_, page) => [page, 0] as const),
  [0x400, 9], [0x600, 9], [0x800, 9], [0x4_0000, 18],
] as const;

function unitWithPages(recording: boolean): UnitDriver {
  const driver = new UnitDriver({ profile: 'skylake-sp', recording });
  for (const [source, domain] of devices) {
    const tree = driver.tree();
    for (const [page, order] of pages) {
      // PS is bit 7; every page is mapped to itself.
      tree.map(page * 4096, BigInt(page * 4096) + (order === 0 ? 3n : 0x83n), 1 + order / 9);
    }
    driver.context(source, tree.pointer, BigInt(domain) * 256n + 2n);
  }
  driver.start();
  return driver;
}

function held(driver: UnitDriver): readonly string[] {
  return driver.unit.core.iotlb.entries().map(({ source, domain, frame, order }) =>
    `${sourceIdNumber(source)} ${domainIdNumber(domain)} ${frameNumber(frame)} ${order}`).sort();
}

test(`page-selective invalidations among many entries (seed ${seed})`, () => {
  const random = new Random(seed);
  for (const recording of [false, true]) {
    const driver = unitWithPages(recording);
    for (let round = 0; round < 60; round += 1) {
      for (const [source] of devices) for (const [page] of pages) driver.dmaAtOnce(source, page * 4096);
      const order = random.below(round % 2 === 0 ? 4 : 19);
      const first = Math.floor((pages[random.below(pages.length)]?.[0] ?? 0) / 2 ** order) * 2 ** order;
      const domain = 5 + random.below(3);
      invalidateIotlb(driver, 'registers', { granularity: 3, domain, address: first * 4096, mask: order });
      const stay = devices.flatMap(([source, own]) => pages
        .filter(([page, size]) => own !== domain || page + 2 ** size <= first || first + 2 ** order <= page)
        .map(([page, size]) => `${source} ${own} ${page} ${size}`));
      assert.deepEqual(held(driver), stay.sort(), `page ${first}, order ${order}, domain ${domain}`);
    }
  }
});
