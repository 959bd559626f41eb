/**
 * The debugger: a place in the events of a run, moved forwards and backwards. The run has happened;
 * moving restores the state that it had, from the journal, so what is inspected is the machine itself.
 *
 * At place n the first n events have happened. The state is what they made of it.
 */
import { crashedReleaseOf } from '../../scenario/scenario.ts';
import type { Event } from '../../base/event.ts';
import { answerOf } from '../../analysis/dma.ts';
import { causeChain } from '../../analysis/explain.ts';
import type { Run } from '../../analysis/run.ts';
import { formatFingerprint } from '../../base/hash.ts';
import { describeEvent } from '../run/event-text.ts';
import { inspect, examineMemory, printValue } from './inspect.ts';
import { changeLines } from './change-text.ts';
import { compilePattern, type Pattern } from './pattern.ts';
import { printable, seconds, type Paint } from '../terminal.ts';
import { whyLines } from '../run/verdict-text.ts';

/** Of a longer chain of causes, this many lines from its beginning and from its end. */
const chainEnds = { first: 6, last: 14 };

function withoutMiddle(lines: readonly string[]): readonly string[] {
  const between = lines.length - chainEnds.first - chainEnds.last;
  return between <= 1 ? lines : [
    ...lines.slice(0, chainEnds.first), `  ... ${between} more causes`, ...lines.slice(-chainEnds.last),
  ];
}

export interface Reply {
  readonly kind: 'done' | 'wrong' | 'quit';
  readonly lines: readonly string[];
}

interface Verb {
  readonly name: string;
  readonly operands: string;
  readonly about: string;
  readonly run: (words: readonly string[]) => Reply;
}

/** gdb's and rr's short forms; every other verb may be cut to a prefix that is its own. */
const shortForms: Readonly<Record<string, string>> = {
  s: 'step', n: 'next', c: 'continue', rs: 'reverse-step', rn: 'reverse-next', rc: 'reverse-continue',
  b: 'break', i: 'info', p: 'print', q: 'quit', h: 'help', r: 'run',
};

export class Stepper {
  readonly #run: Run;
  readonly #events: readonly Event[];
  readonly #paint: Paint;
  readonly #breakpoints: { readonly number: number; readonly text: string; readonly matches: Pattern }[] = [];
  #nextBreakpoint = 1;
  #place: number;
  readonly #verbs: readonly Verb[];

  constructor(run: Run, paint: Paint) {
    this.#run = run;
    this.#events = run.events;
    this.#paint = paint;
    this.#place = run.events.length;
    this.#verbs = this.#makeVerbs();
    this.goTo(0);
  }

  get place(): number {
    return this.#place;
  }

  /** The fingerprint of the whole state at this place. */
  fingerprint(): string {
    return formatFingerprint(this.#run.machine.journal.fingerprint());
  }

  goTo(place: number): void {
    this.#place = Math.max(0, Math.min(place, this.#events.length));
    this.#run.machine.journal.moveTo(this.#markAt(this.#place));
  }

  greeting(): readonly string[] {
    const { scenario } = this.#run.machine;
    return [
      `${scenario.name}: ${this.#events.length} events, crashed ${crashedReleaseOf(scenario)}, `
      + `capture ${scenario.capture.release}; 'help' lists the commands`,
    ];
  }

  execute(command: string): Reply {
    const [word = '', ...words] = command.trim().split(/\s+/);
    // x/8gx is gdb's own spelling.
    if (/^x(\/|$)/.test(word)) return this.#examine(word, words);
    const full = shortForms[word] ?? word;
    const exact = this.#verbs.find(({ name }) => name === full);
    const candidates = exact === undefined ? this.#verbs.filter(({ name }) => name.startsWith(full)) : [exact];
    const [verb, ...others] = candidates;
    if (verb === undefined) return wrong(`there is no command '${printable(word)}'; 'help' lists them`);
    if (others.length > 0) {
      return wrong(`'${printable(word)}' could be ${candidates.map(({ name }) => name).join(', ')}`);
    }
    return verb.run(words);
  }

  #makeVerbs(): readonly Verb[] {
    return [
      { name: 'step', operands: '[N]', about: 'go N events on (1)', run: (w) => this.#step(w, 1) },
      { name: 'next', operands: '', about: "to the actor's next event, over the routines it calls",
        run: () => this.#next(1) },
      { name: 'finish', operands: '', about: 'to the end of the routine', run: () => this.#finish() },
      { name: 'continue', operands: '', about: 'to the next breakpoint, or the end',
        run: () => this.#continue(1) },
      { name: 'reverse-step', operands: '[N]', about: 'go N events back (1)', run: (w) => this.#step(w, -1) },
      { name: 'reverse-next', operands: '', about: 'next, backwards', run: () => this.#next(-1) },
      { name: 'reverse-continue', operands: '', about: 'to the breakpoint before, or the start',
        run: () => this.#continue(-1) },
      { name: 'break', operands: 'PATTERN', about: 'stop at events: a kind, a routine, a word of their text, '
        + 'ACTOR:PATTERN', run: (w) => this.#break(w) },
      { name: 'delete', operands: '[N]', about: 'forget breakpoint N, or all', run: (w) => this.#delete(w) },
      { name: 'info', operands: 'regs|iotlb|context|walk SOURCE ADDRESS|faults|queue|breakpoints',
        about: 'the state at this place', run: (w) => this.#info(w) },
      { name: 'print', operands: 'REGISTER[.FIELD]|time|event|fingerprint', about: 'one value',
        run: (w) => this.#print(w) },
      { name: 'why', operands: '[N]', about: 'what led to the last event, or to event N',
        run: (w) => this.#why(w) },
      { name: 'when', operands: '', about: 'the number and time of the last event', run: () => this.#when() },
      { name: 'run', operands: 'N', about: 'go to just after event N', run: (w) => this.#goToEvent(w) },
      { name: 'help', operands: '', about: 'this list', run: () => this.#help() },
      { name: 'quit', operands: '', about: 'leave', run: () => ({ kind: 'quit', lines: [] }) },
    ];
  }

  // --- moving -------------------------------------------------------------------------------

  #markAt(place: number): number {
    return this.#run.machine.trace.marks[place] ?? this.#run.machine.journal.length;
  }

  /** The event that was the last to happen, with what it changed. */
  #here(): readonly string[] {
    const event = this.#events[this.#place - 1];
    if (event === undefined) return ['at the start: nothing has happened'];
    const { journal } = this.#run.machine;
    const changes = journal.changesBetween(this.#markAt(this.#place - 1), this.#markAt(this.#place));
    const lines = [this.#line(event), ...changeLines(changes)];
    return this.#place === this.#events.length ? [...lines, 'at the end of the run'] : lines;
  }

  #line(event: Event): string {
    return `${this.#paint('dim', `#${event.number}`)} ${seconds(event.timeNs)} `
      + `${this.#paint('cyan', event.actor)}  ${describeEvent(event)}`;
  }

  #step(words: readonly string[], direction: 1 | -1): Reply {
    const count = wholeNumber(words[0] ?? '1');
    if (count === undefined) return wrong(`'${printable(words[0] ?? '')}' is not a number of events`);
    this.goTo(this.#place + direction * count);
    return done(this.#here());
  }

  /** Stops at the next event of the same actor that is not deeper in its routines. */
  #next(direction: 1 | -1): Reply {
    const actor = this.#events[this.#place - 1]?.actor ?? this.#events[0]?.actor;
    let depth = 0;
    let place = this.#place;
    for (;;) {
      const event = this.#events[direction > 0 ? place : place - 2];
      if (event === undefined) {
        this.goTo(direction > 0 ? this.#events.length : 0);
        return done(this.#here());
      }
      place += direction;
      if (event.actor !== actor) continue;
      const opens = direction > 0 ? 'routine-enter' : 'routine-leave';
      const closes = direction > 0 ? 'routine-leave' : 'routine-enter';
      if (event.what.kind === opens) depth += 1;
      if (event.what.kind === closes && depth > 0) depth -= 1;
      if (depth === 0) break;
    }
    this.goTo(place);
    return done(this.#here());
  }

  #finish(): Reply {
    const actor = this.#events[this.#place - 1]?.actor;
    let depth = 0;
    for (let place = this.#place; place < this.#events.length; place += 1) {
      const event = this.#events[place];
      if (event === undefined || event.actor !== actor) continue;
      if (event.what.kind === 'routine-enter') depth += 1;
      if (event.what.kind === 'routine-leave') {
        if (depth === 0) {
          this.goTo(place + 1);
          return done(this.#here());
        }
        depth -= 1;
      }
    }
    return wrong('no routine is open here');
  }

  #continue(direction: 1 | -1): Reply {
    for (let place = this.#place + direction; place >= 1 && place <= this.#events.length; place += direction) {
      const event = this.#events[place - 1];
      const hit = event === undefined ? undefined : this.#breakpoints.find(({ matches }) => matches(event));
      if (hit === undefined) continue;
      this.goTo(place);
      return done([`breakpoint ${hit.number}, ${hit.text}`, ...this.#here()]);
    }
    this.goTo(direction > 0 ? this.#events.length : 0);
    return done(this.#here());
  }

  #goToEvent(words: readonly string[]): Reply {
    const number = wholeNumber((words[0] ?? '').replace(/^#/, ''));
    if (number === undefined || number >= this.#events.length) {
      return wrong(`run takes the number of an event, 0 to ${this.#events.length - 1}`);
    }
    this.goTo(number + 1);
    return done(this.#here());
  }

  // --- breakpoints --------------------------------------------------------------------------

  #break(words: readonly string[]): Reply {
    const text = words.join(' ');
    if (text === '') return wrong('break takes a pattern, for example: break fault');
    const matches = compilePattern(text);
    const number = this.#nextBreakpoint;
    this.#nextBreakpoint += 1;
    this.#breakpoints.push({ number, text: printable(text), matches });
    const count = this.#events.filter(matches).length;
    return done([`breakpoint ${number}, ${printable(text)}: ${count} event${count === 1 ? '' : 's'} of the run`]);
  }

  #delete(words: readonly string[]): Reply {
    const [word] = words;
    if (word === undefined) {
      this.#breakpoints.length = 0;
      return done(['all breakpoints are gone']);
    }
    const index = this.#breakpoints.findIndex(({ number }) => number === wholeNumber(word));
    if (index < 0) return wrong(`there is no breakpoint ${printable(word)}`);
    this.#breakpoints.splice(index, 1);
    return done([`breakpoint ${printable(word)} is gone`]);
  }

  // --- looking ------------------------------------------------------------------------------

  #info(words: readonly string[]): Reply {
    if (words[0] === 'breakpoints') {
      return done(this.#breakpoints.map(({ number, text }) => `${number}  ${text}`));
    }
    return replyOf(inspect(this.#run.machine, words));
  }

  #print(words: readonly string[]): Reply {
    const name = words.join(' ');
    switch (name) {
      case 'time': return done([`${seconds(this.#run.machine.agenda.nowNs)} s`]);
      case 'event': return this.#when();
      case 'fingerprint': return done([this.fingerprint()]);
      default: return replyOf(printValue(this.#run.machine, name));
    }
  }

  #examine(word: string, words: readonly string[]): Reply {
    return replyOf(examineMemory(this.#run.machine, word, words[0] ?? ''));
  }

  #when(): Reply {
    const event = this.#events[this.#place - 1];
    return done([event === undefined ? `at the start; events are #0 to #${this.#events.length - 1}`
      : `#${event.number} of #${this.#events.length - 1}, ${seconds(event.timeNs)} s`]);
  }

  /** Why the DMA went as it did that the event belongs to; for other events, what led to them. */
  #why(words: readonly string[]): Reply {
    const asked = words[0] === undefined ? this.#place - 1 : wholeNumber(words[0].replace(/^#/, ''));
    const event = asked === undefined ? undefined : this.#events[asked];
    if (event === undefined) {
      return wrong(words[0] === undefined ? 'nothing has happened yet'
        : `why takes the number of an event, 0 to ${this.#events.length - 1}`);
    }
    const answer = answerOf(this.#events, event.number);
    const chain = withoutMiddle(causeChain(this.#events, event.number).map((link) => this.#line(link)));
    if (answer === undefined) return done(chain);
    return done([...chain, ...whyLines(this.#events, answer)]);
  }

  #help(): Reply {
    const rows = [...this.#verbs, {
      name: 'x/8gx', operands: 'ADDRESS', about: 'memory, as gdb prints it (w: 32 bits, g: 64 bits)',
    }];
    return done(rows.flatMap(({ name, operands, about }) => {
      const head = `  ${name} ${operands}`.trimEnd();
      return head.length < 28 ? [`${head.padEnd(28)} ${about}`] : [head, `${' '.repeat(29)}${about}`];
    }));
  }
}

function wholeNumber(text: string): number | undefined {
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

function done(lines: readonly string[]): Reply {
  return { kind: 'done', lines };
}

function wrong(message: string): Reply {
  return { kind: 'wrong', lines: [`error: ${message}`] };
}

/** Answers of the inspectors: lines, or what was wrong with the question. */
function replyOf(answer: readonly string[] | string): Reply {
  return typeof answer === 'string' ? wrong(answer) : done(answer);
}
