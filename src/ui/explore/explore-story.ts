/** A counterexample as a reviewer would tell it: the decisive events, why, and how to see it again. */
import { judge } from '../../analysis/claims.ts';
import { decisiveEvents } from '../../analysis/explore/decisive.ts';
import type { Variation } from '../../analysis/explore/spaces.ts';
import type { Counterexample } from '../../analysis/explore/counterexample.ts';
import { routineOf } from '../../analysis/explain.ts';
import { run, traced } from '../../analysis/run.ts';
import type { Event } from '../../base/event.ts';
import { claimLine } from '../../scenario/text/print-text.ts';
import { describeEvent } from '../run/event-text.ts';
import type { Output } from '../output.ts';
import { printable } from '../terminal.ts';
import { firstWrong, whyLines } from '../run/verdict-text.ts';

/** Events of a way that is told whole, where no single DMA decides. */
const mostLines = 40;

export function printCounterexample(counterexample: Counterexample, variation: Variation, claim: number, output: Output): void {
  const { paint, result } = output;
  const { scenario, moves, switches, isShortest } = counterexample;
  const done = run(scenario, traced);
  const { events } = done;
  const steps = scenario.schedule?.length ?? 0;
  const from = events.find(({ timeNs }) => timeNs > windowTime(events, moves))?.number ?? 0;
  const subject = scenario.claims[claim];
  const words = subject === undefined ? '' : `${subject.quantifier === 'sometimes' ? 'without' : 'against'} "${claimLine(subject)}"`;
  result(paint('bold', `${isShortest ? 'The shortest way' : 'A way'} ${printable(words)}: ${moves} steps and `
    + `${switches} switches from step ${steps} on`));
  if (variation.length > 0) {
    result(`  on units with ${variation.map(({ name, value }) => `${name} ${value}`).join(', ')}`);
  }
  const wrong = firstWrong(judge(scenario, events).filter((verdict) => verdict.claim === subject));
  const picked = wrong === undefined ? lastWords(events, from) : decisiveEvents(events, from, wrong);
  for (const number of picked) {
    const event = events[number];
    if (event !== undefined) result(storyLine(event, events, number === wrong ? paint : undefined));
  }
  if (wrong !== undefined) {
    result('');
    result(paint('bold', `Why #${wrong}:`));
    for (const line of whyLines(events, wrong)) result(line);
  }
}

/** With time set aside each step takes one nanosecond, so that the window began so long before the end. */
function windowTime(events: readonly Event[], moves: number): number {
  return (events.at(-1)?.timeNs ?? 0) - moves;
}

function storyLine(event: Event, events: readonly Event[], paint: Output['paint'] | undefined): string {
  const { what } = event;
  const inside = what.kind === 'store' || what.kind === 'write-back' ? `  (${routineOf(events, event)})` : '';
  const text = `${describeEvent(event)}${printable(inside)}`;
  return `  #${String(event.number).padEnd(6)} ${event.actor.padEnd(8)} ${paint === undefined ? text : paint('red', text)}`;
}

/** What was said and done from the window on, where it is not about one DMA. */
function lastWords(events: readonly Event[], from: number): readonly number[] {
  const told = events.slice(from).filter(({ what }) => what.kind === 'log' || what.kind === 'dma-blocked'
    || what.kind === 'device-reset' || what.kind === 'device-command' || what.kind === 'invalidate');
  return told.slice(0, mostLines).map(({ number }) => number);
}
