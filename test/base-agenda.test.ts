import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Agenda } from '../src/base/agenda.ts';
import { Journal } from '../src/base/journal.ts';

function scene() {
  const journal = new Journal(true);
  const agenda = new Agenda(journal);
  const acted: string[] = [];
  const add = (name: string) => agenda.add(() => acted.push(`${name}@${agenda.nowNs}`));
  return { journal, agenda, acted, a: add('a'), b: add('b'), c: add('c') };
}

test('actors act in the order of their times', () => {
  const { agenda, acted, a, b, c } = scene();
  a.in(30);
  b.in(10);
  c.in(20);
  assert.deepEqual(agenda.pending(), [1, 2, 0]);
  agenda.settle();
  assert.deepEqual(acted, ['b@10', 'c@20', 'a@30']);
});

test('at the same time they act in the order in which the appointments were made', () => {
  const { agenda, acted, a, b, c } = scene();
  c.in(10);
  a.in(10);
  b.in(10);
  // An appointment that is moved is made anew: it goes behind the others.
  c.in(10);
  assert.deepEqual(agenda.pending(), [0, 1, 2]);
  agenda.settle();
  assert.deepEqual(acted, ['a@10', 'b@10', 'c@10']);
});

test('an actor that is called early acts at its own time; a later one then acts late, not in the past', () => {
  const { agenda, acted, a, b } = scene();
  a.in(100);
  b.in(10);
  agenda.act(0);
  agenda.act(1);
  assert.deepEqual(acted, ['a@100', 'b@100']);
  assert.equal(agenda.nowNs, 100);
});

test('an appointment is for one time; an actor may make its next one while it acts', () => {
  const journal = new Journal(true);
  const agenda = new Agenda(journal);
  const times: number[] = [];
  const appointment = agenda.add(() => {
    times.push(agenda.nowNs);
    if (times.length < 3) appointment.in(5);
  });
  appointment.in(0);
  assert.equal(appointment.isMade, true);
  agenda.settle();
  assert.deepEqual(times, [0, 5, 10]);
  assert.equal(appointment.isMade, false);
  assert.equal(agenda.earliest(), undefined);
});

test('a cancelled appointment does not happen, and acting without one is a mistake', () => {
  const { agenda, acted, a, b } = scene();
  a.in(1);
  b.in(2);
  a.cancel();
  assert.equal(a.isMade, false);
  agenda.settle();
  assert.deepEqual(acted, ['b@2']);
  assert.throws(() => agenda.act(0), { name: 'AssertionFailure' });
  assert.throws(() => agenda.act(99), { name: 'AssertionFailure' });
});

test('a delay is a whole number of nanoseconds that is not negative', () => {
  const { a } = scene();
  for (const wrong of [-1, 0.5, NaN, Infinity]) {
    assert.throws(() => a.in(wrong), { name: 'AssertionFailure' });
  }
});

test('time and appointments go back with the journal', () => {
  const { journal, agenda, acted, a, b } = scene();
  a.in(10);
  b.in(20);
  const mark = journal.mark();
  agenda.settle();
  journal.moveTo(mark);
  assert.equal(agenda.nowNs, 0);
  assert.deepEqual(agenda.pending(), [0, 1]);
  agenda.settle();
  assert.deepEqual(acted, ['a@10', 'b@20', 'a@10', 'b@20']);
});
