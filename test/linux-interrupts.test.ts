/** Interrupts as a driver asks for them: which vectors come out, and what a device is told to write. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { allocIrqVector, freeIrq, freeIrqVector, requestIrq, type InterruptMessage, type Irq } from '../src/linux/core/interrupts.ts';
import type { Routine } from '../src/linux/core/operation.ts';
import { KernelDriver } from './support/kernel-driver.ts';

function* nothing(): Routine<void> {
  // A handler that is never called here.
}

class Interrupts {
  readonly bench: KernelDriver;
  readonly written: string[] = [];

  constructor(release: string) {
    this.bench = new KernelDriver({ release });
  }

  allocate(): Irq {
    const write = (message: InterruptMessage): void => {
      this.written.push(`${message.address.toString(16)} ${message.data.toString(16)}`);
    };
    return this.bench.run(allocIrqVector(this.bench.kernel, this.bench.device, function* (message) {
      write(message);
    }));
  }

  request(irq: Irq): number {
    this.bench.run(requestIrq(this.bench.kernel, irq, nothing));
    return irq.vector ?? -1;
  }
}

test('an interrupt that nobody requested points at the shutdown vector, then at one of its own', () => {
  const interrupts = new Interrupts('linux-6.1');
  const irq = interrupts.allocate();
  assert.deepEqual(interrupts.written, ['fee01004 ef']);
  interrupts.request(irq);
  assert.deepEqual(interrupts.written, ['fee01004 ef', 'fee01004 21']);
});

test('since 4.15 the lowest free vector is taken, and a freed one comes again', () => {
  const interrupts = new Interrupts('linux-6.1');
  const first = interrupts.allocate();
  assert.equal(interrupts.request(first), 0x21);
  assert.equal(interrupts.request(interrupts.allocate()), 0x22);
  interrupts.bench.run(freeIrq(interrupts.bench.kernel, first));
  interrupts.bench.run(freeIrqVector(first));
  assert.equal(interrupts.request(interrupts.allocate()), 0x21);
});

test('the vectors of the legacy interrupts are left out', () => {
  const interrupts = new Interrupts('linux-6.1');
  const vectors = Array.from({ length: 16 }, () => interrupts.request(interrupts.allocate()));
  assert.equal(vectors[14], 0x2f);
  assert.equal(vectors[15], 0x40);
});

test('to 4.14 each vector is of the next priority class, and then of the first again', () => {
  const interrupts = new Interrupts('linux-4.9-rc5');
  const vectors = Array.from({ length: 13 }, () => interrupts.request(interrupts.allocate()));
  assert.deepEqual(vectors.slice(0, 3), [0x31, 0x41, 0x51]);
  assert.equal(vectors[11], 0x22);
});
