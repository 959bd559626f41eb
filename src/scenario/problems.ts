/** Collects what is wrong while a file is read, so that all of it can be reported at once. */

import type { Diagnostic } from './diagnostic.ts';
import type { DiagnosticCode } from './diagnostic-codes.ts';
import { limits } from './limits.ts';
import type { LineTable, Span } from './span.ts';

/** The words of a problem, before it is known where it stands. */
export interface ProblemText {
  readonly code: DiagnosticCode;
  readonly message: string;
  readonly label?: string;
  /** A function when the help is costly to find; it is not asked once the report is full. */
  readonly help?: string | null | (() => string | null);
  readonly notes?: readonly string[];
}

interface Problem {
  readonly span: Span;
  readonly text: ProblemText;
  readonly help: string | null;
}

export class Problems {
  readonly #kept: Problem[] = [];
  #dropped = 0;
  #firstDropped: Span = { start: 0, end: 0 };

  get count(): number {
    return this.#kept.length + this.#dropped;
  }

  report(span: Span, text: ProblemText): void {
    if (this.#kept.length >= limits.diagnostics) {
      if (this.#dropped === 0) this.#firstDropped = span;
      this.#dropped += 1;
      return;
    }
    const help = typeof text.help === 'function' ? text.help() : text.help ?? null;
    this.#kept.push({ span, text, help });
  }

  /** In the order of the file; what did not fit is one last diagnostic with its number. */
  diagnostics(file: string, lines: LineTable): readonly Diagnostic[] {
    const sorted = [...this.#kept].sort((left, right) => left.span.start - right.span.start);
    if (this.#dropped > 0) {
      const plural = this.#dropped === 1 ? 'error' : 'errors';
      sorted.push({
        span: this.#firstDropped,
        text: {
          code: 'S002', message: `and ${this.#dropped} more ${plural}`,
          label: 'the first of them is here',
        },
        help: 'mend the errors above first; many of the rest may follow from them',
      });
    }
    return sorted.map(({ span, text, help }) => ({
      code: text.code, message: text.message, file, ...lines.locate(span),
      label: text.label ?? '', help, notes: text.notes ?? [],
    }));
  }
}
