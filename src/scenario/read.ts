/** The way into this folder: bytes to a scenario, or to everything that is wrong with them. */

import { checkScenario } from './check/check.ts';
import type { Vocabulary } from './check/check-context.ts';
import { decodeSource } from './decode.ts';
import type { Diagnostic } from './diagnostic.ts';
import { parseJson } from './json/parse-json.ts';
import { parseText } from './text/parse-text.ts';
import type { ParsedScenario } from './parsed.ts';
import { Problems } from './problems.ts';
import type { Scenario } from './scenario.ts';
import { loadImage, type ImageFiles } from './image/load-image.ts';
import { LineTable } from './span.ts';
import type { SourceSpan, SpanTable } from './span.ts';

export type { Vocabulary } from './check/check-context.ts';
export type { SourceSpan } from './span.ts';

/** Where the nodes of one scenario stand in its file; null for what is not from that file. */
export interface ScenarioSpans {
  readonly spanOf: (node: object) => SourceSpan | null;
  /** Of a property's value; null also for a default that was not written. */
  readonly spanOfProperty: (node: object, property: string) => SourceSpan | null;
}

export type ScenarioReading =
  | {
      readonly ok: true; readonly scenario: Scenario; readonly spans: ScenarioSpans;
      readonly source: string;
    }
  | {
      readonly ok: false;
      /** At least one, in the order of the file. */
      readonly diagnostics: readonly Diagnostic[];
      /** The text that the positions count in, for `formatDiagnostic`. */
      readonly source: string;
    };

/** `file` is only named in diagnostics. The input is JSON if its first character is a brace. */
export function readScenario(
  file: string,
  bytes: Uint8Array | string,
  vocabulary: Vocabulary,
  files: ImageFiles = () => 'no image can be read here',
): ScenarioReading {
  const problems = new Problems();
  const source = decodeSource(bytes, problems) ?? '';
  const parsed = problems.count > 0 && source === '' ? null : parse(source, problems);
  if (parsed !== null) checkScenario(parsed, vocabulary, problems);
  const lines = new LineTable(source);
  if (parsed !== null && problems.count === 0) {
    const image = loadImage({ ...parsed, problems, vocabulary }, files);
    if (problems.count === 0) {
      return { ok: true, scenario: { ...parsed.scenario, image }, spans: spansOf(parsed.spans, lines), source };
    }
  }
  return { ok: false, diagnostics: problems.diagnostics(file, lines), source };
}

function parse(source: string, problems: Problems): ParsedScenario | null {
  return /^[\ufeff \t\r\n]*\{/.test(source)
    ? parseJson(source, problems) : parseText(source, problems);
}

function spansOf(table: SpanTable, lines: LineTable): ScenarioSpans {
  return {
    spanOf: (node) => {
      const span = table.ofNode(node);
      return span === null ? null : lines.locate(span);
    },
    spanOfProperty: (node, property) => {
      const span = table.ofProperty(node, property);
      return span === null ? null : lines.locate(span);
    },
  };
}
