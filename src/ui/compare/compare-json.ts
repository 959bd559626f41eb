/** A comparison as one JSON document. */
import { explainedDifferences, matchingRules } from '../../analysis/compare/explained.ts';
import { differs, type Comparison } from '../../analysis/compare/comparison.ts';
import { describeStep } from '../../analysis/compare/step.ts';

export function comparisonDocument(name: string, comparison: Comparison): object {
  switch (comparison.kind) {
    case 'not-modelled': return { capture: name, result: 'cannot tell', why: comparison.why };
    case 'refused': return { capture: name, result: 'refused', diagnostics: comparison.diagnostics.map(({ code, message }) => ({ code, message })) };
    case 'compared': return {
      capture: name,
      result: differs(comparison) ? 'differs' : 'same',
      versions: comparison.versions,
      releases: comparison.releases,
      end: comparison.end,
      cut: comparison.cut,
      operations: comparison.rows.map((row) => ({
        kind: row.kind,
        recorded: row.recorded === null ? null : describeStep(row.recorded),
        model: row.model === null ? null : describeStep(row.model),
        ...(row.kind === 'different' ? { why: row.why } : {}),
        ...(row.kind === 'explained' ? { rule: row.rule } : {}),
      })),
      lazyFlushes: comparison.lazyFlushes,
      firstMessages: comparison.firstMessages,
      captureMessages: comparison.captureMessages,
      matchingRules,
      explainedDifferences,
    };
  }
}
