/** Checks of claims: that they are there, about something, and can be true at some moment. */

import type { CheckContext } from './check-context.ts';
import { checkDeviceName } from './check-kernels.ts';
import { alignedHelp } from './check-machine.ts';
import { pageBytes } from '../limits.ts';
import type { Claim, ClaimScope, Phase } from '../scenario.ts';

/** How a scope's properties are spelt. */
const scopeWords: Readonly<Record<keyof ClaimScope, string>> = {
  device: 'on', kernel: 'of', after: 'after', before: 'before', reason: 'reason', address: 'at',
};

export function checkClaims(context: CheckContext): void {
  const { scenario, spans, problems, broken } = context;
  const span = spans.ofNode(scenario);
  if (scenario.claims.length === 0 && span !== null && !broken.has('claims')) {
    problems.report(span, {
      code: 'S080', message: 'the scenario claims nothing', label: 'needs a claim',
      help: 'for example `never fault`',
    });
  }
  for (const claim of scenario.claims) {
    checkApplies(context, claim);
    checkMoments(context, claim.scope);
    const { device, address } = claim.scope;
    if (device !== null) checkDeviceName(context, claim.scope, 'device', device);
    const addressSpan = spans.ofProperty(claim.scope, 'address');
    if (address === null || addressSpan === null || address % pageBytes === 0) continue;
    problems.report(addressSpan, {
      code: 'S071', message: '`at` takes the address of a page', label: 'not page aligned',
      help: alignedHelp(address),
    });
  }
}

function checkApplies({ spans, problems }: CheckContext, { what, scope }: Claim): void {
  const allowed: readonly (keyof ClaimScope)[] = what.kind === 'log'
    ? ['after', 'before']
    : what.outcome === 'fault'
      ? ['device', 'kernel', 'after', 'before', 'reason', 'address']
      : ['device', 'kernel', 'after', 'before', 'address'];
  const subject = what.kind === 'log' ? 'the log' : `\`${what.outcome}\``;
  for (const property of Object.keys(scopeWords) as (keyof ClaimScope)[]) {
    const span = spans.ofProperty(scope, property);
    if (span === null || scope[property] === null || allowed.includes(property)) continue;
    const word = scopeWords[property];
    problems.report(span, {
      code: 'S082', message: `\`${word}\` does not apply to a claim about ${subject}`,
      label: 'does not apply',
      help: what.kind === 'dma' ? '`reason` goes with `fault`'
        : 'a claim about the log takes `after` and `before` only',
    });
  }
}

function checkMoments({ spans, problems }: CheckContext, scope: ClaimScope): void {
  const { after, before } = scope;
  const span = spans.ofProperty(scope, 'before');
  if (after === null || before === null || span === null) return;
  if (after !== before && stage(after) <= stage(before)) return;
  problems.report(span, {
    code: 'S081', message: `nothing is both after \`${after}\` and before \`${before}\``,
    label: 'never true together with `after`',
  });
}

/** Only what is in this order with every kernel; the rest depends on when a driver probes. */
function stage(phase: Phase): number {
  switch (phase) {
    case 'crash': return 0;
    case 'capture-start': return 1;
    case 'root-switch':
    case 'reset':
    case 'handoff': return 2;
  }
}
