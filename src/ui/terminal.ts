/** What may be printed, and in which colours. Colour is decided once, for each stream. */
import { styleText } from 'node:util';

export type Colour = 'red' | 'green' | 'yellow' | 'cyan' | 'bold' | 'dim';
export type Paint = (colour: Colour, text: string) => string;

export const plain: Paint = (_colour, text) => text;

/**
 * `--color=always|never|auto`, then NO_COLOR and FORCE_COLOR, then whether the stream is a terminal
 * that has colours.
 */
export function paintFor(
  stream: { readonly isTTY?: boolean; getColorDepth?(): number }, setting: string,
  environment: Readonly<Record<string, string | undefined>>,
): Paint {
  const forced = environment['FORCE_COLOR'];
  const wanted = setting === 'always'
    || (setting === 'auto' && !environment['NO_COLOR']
      && ((forced !== undefined && forced !== '0')
        || (stream.isTTY === true && (stream.getColorDepth?.() ?? 1) > 1)));
  // What was wanted is settled; styleText would look at standard output and the environment again.
  return wanted ? (colour, text) => styleText(colour, text, { validateStream: false }) : plain;
}

/** Text from outside, with what could drive a terminal or reorder a line made visible. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2066-\u2069\ufeff]/g,
    (character) => `\\u{${(character.codePointAt(0) ?? 0).toString(16)}}`);
}

/** Seconds with all nine digits, as a kernel log has six. */
export function seconds(timeNs: number): string {
  const whole = Math.floor(timeNs / 1_000_000_000);
  return `${whole}.${String(timeNs % 1_000_000_000).padStart(9, '0')}`;
}

/** A duration in the largest unit that leaves a short number. */
export function duration(ns: number): string {
  for (const [unit, size] of [['s', 1e9], ['ms', 1e6], ['us', 1e3]] as const) {
    if (ns >= size) return `${Number((ns / size).toFixed(3))} ${unit}`;
  }
  return `${ns} ns`;
}
