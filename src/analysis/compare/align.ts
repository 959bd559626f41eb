/** Two sequences of steps side by side: what agrees, what a rule explains, and the rest. */
import type { Roles } from './roles.ts';
import { stepDifference } from './match-step.ts';
import type { Step } from './step.ts';

export type Row =
  | { readonly kind: 'same'; readonly recorded: Step; readonly model: Step }
  | { readonly kind: 'different'; readonly recorded: Step | null; readonly model: Step | null; readonly why: string }
  | { readonly kind: 'explained'; readonly recorded: Step | null; readonly model: Step | null; readonly rule: string };

/** The name of the rule by which a step may stand on one side alone, if there is one. */
export type Explain = (step: Step, side: 'recorded' | 'model', place: Place) => string | undefined;

export interface Place {
  /** Whether the other side is over. */
  readonly atEnd: boolean;
}

/** How far to look for the place where two sequences go on together after a difference. */
const lookAhead = 16;

export function align(recorded: readonly Step[], model: readonly Step[], roles: Roles, explain: Explain): readonly Row[] {
  const rows: Row[] = [];
  let at = 0;
  let other = 0;
  while (at < recorded.length || other < model.length) {
    const left = recorded[at];
    const right = model[other];
    if (left !== undefined && right !== undefined && agrees(left, right, roles)) {
      rows.push({ kind: 'same', recorded: left, model: right });
      at += 1;
      other += 1;
      continue;
    }
    const rule = left === undefined ? undefined : explain(left, 'recorded', { atEnd: right === undefined });
    const otherRule = right === undefined ? undefined : explain(right, 'model', { atEnd: left === undefined });
    if (left !== undefined && rule !== undefined) {
      rows.push({ kind: 'explained', recorded: left, model: null, rule });
      at += 1;
    } else if (right !== undefined && otherRule !== undefined) {
      rows.push({ kind: 'explained', recorded: null, model: right, rule: otherRule });
      other += 1;
    } else {
      const skip = resume(recorded.slice(at, at + lookAhead), model.slice(other, other + lookAhead), roles);
      rows.push(...different(recorded.slice(at, at + skip.recorded), model.slice(other, other + skip.model), roles, explain));
      at += skip.recorded;
      other += skip.model;
    }
  }
  return rows;
}

/** As `stepDifference`, but leaves no trace in the roles where the steps differ. */
function agrees(recorded: Step, model: Step, roles: Roles): boolean {
  return stepDifference(recorded, model, roles.copy()) === undefined && stepDifference(recorded, model, roles) === undefined;
}

/** How many steps to pass on each side, fewest first, until two agree again; all where none do. */
function resume(recorded: readonly Step[], model: readonly Step[], roles: Roles): { recorded: number; model: number } {
  for (let total = 1; total <= recorded.length + model.length; total += 1) {
    for (let left = Math.max(0, total - model.length); left <= Math.min(total, recorded.length); left += 1) {
      const [one, two] = [recorded[left], model[total - left]];
      if (one === undefined || two === undefined || one.kind === 'entries') continue;
      if (stepDifference(one, two, roles.copy()) === undefined) return { recorded: left, model: total - left };
    }
  }
  return { recorded: recorded.length, model: model.length };
}

/** Passed steps: what a rule explains, it explains here too. */
function different(passed: readonly Step[], passedModel: readonly Step[], roles: Roles, explain: Explain): readonly Row[] {
  const explained: Row[] = [];
  const unexplained = (steps: readonly Step[], side: 'recorded' | 'model'): readonly Step[] => steps.filter((step) => {
    const rule = explain(step, side, { atEnd: false });
    if (rule !== undefined) {
      explained.push({
        kind: 'explained', recorded: side === 'recorded' ? step : null, model: side === 'model' ? step : null, rule,
      });
    }
    return rule === undefined;
  });
  const [recorded, model] = [unexplained(passed, 'recorded'), unexplained(passedModel, 'model')];
  const rows = Array.from({ length: Math.max(recorded.length, model.length) }, (_, index): Row => {
    const [left = null, right = null] = [recorded[index], model[index]];
    const why = left === null ? 'only the model does this' : right === null ? 'the model does not do this'
      : stepDifference(left, right, roles.copy()) ?? 'the same at another place';
    return { kind: 'different', recorded: left, model: right, why };
  });
  return [...rows, ...explained];
}
