/** The thread's side of a parallel exploration: carries out what the main thread asks for. */
import { parentPort, workerData } from 'node:worker_threads';
import { AssertionFailure, fail } from '../../base/assert.ts';
import type { Fingerprint } from '../../base/hash.ts';
import type { Counterexample } from '../../analysis/explore/counterexample.ts';
import type { ExportedKnowledge } from '../../analysis/explore/knowledge.ts';
import { Share, type ShareOptions, type ShareResult, type SharedTable } from '../../analysis/explore/share.ts';
import { visitsBetweenAsks } from '../../analysis/explore/shortest.ts';
import type { ClaimNumber } from '../../analysis/explore/system.ts';
import { SHARED } from '../../analysis/explore/visited.ts';
import type { Window } from '../../analysis/explore/window.ts';
import type { Scenario } from '../../scenario/scenario.ts';

export type Task =
  | { readonly kind: 'begin'; readonly scenario: Scenario; readonly window: Window; readonly options: ShareOptions }
  | { readonly kind: 'pieces'; readonly knowledge: ExportedKnowledge }
  | { readonly kind: 'explore'; readonly knowledge: ExportedKnowledge; readonly table: SharedTable;
      readonly pieces: readonly (readonly number[])[] }
  | { readonly kind: 'shortest'; readonly knowledge: ExportedKnowledge; readonly claim: ClaimNumber;
      readonly way: readonly number[]; readonly complete: boolean; readonly counters: Int32Array };

export type TaskAnswer =
  | { readonly kind: 'begin'; readonly violatedBefore: readonly ClaimNumber[]; readonly start: Fingerprint }
  | { readonly kind: 'pieces'; readonly pieces: readonly (readonly number[])[] }
  | { readonly kind: 'explore'; readonly result: ShareResult }
  | { readonly kind: 'shortest'; readonly counterexample: Counterexample }
  | { readonly kind: 'failed'; readonly isAssertion: boolean; readonly message: string; readonly stack: string };

/** What the main thread hands to a thread of ours. */
export const workerMark = 'dmarsim explore';

export function serveExploration(): void {
  if (workerData !== workerMark) return;
  let share: Share | undefined;
  parentPort?.on('message', (task: Task) => {
    try {
      if (task.kind === 'begin') share = new Share(task.scenario, task.window, task.options);
      parentPort?.postMessage(answer(share ?? fail('a thread begins with a space'), task));
    } catch (error) {
      parentPort?.postMessage(failure(error));
    }
  });
}

function failure(error: unknown): TaskAnswer {
  const { message, stack = message } = error instanceof Error ? error : new Error(String(error));
  return { kind: 'failed', isAssertion: error instanceof AssertionFailure, message, stack };
}

function answer(share: Share, task: Task): TaskAnswer {
  switch (task.kind) {
    case 'begin': {
      const { violatedBefore, low, high } = share.system;
      return { kind: 'begin', violatedBefore, start: { low, high } };
    }
    case 'pieces': return { kind: 'pieces', pieces: share.pieces(task.knowledge) };
    case 'explore':
      return { kind: 'explore', result: share.explore(task.knowledge, task.pieces, task.table) };
    case 'shortest': {
      const { counters } = task;
      const stop = (): boolean => {
        Atomics.add(counters, SHARED.visits, visitsBetweenAsks);
        return Atomics.load(counters, SHARED.stop) !== 0;
      };
      return { kind: 'shortest', counterexample: share.shortest(task.knowledge, task.claim, task.way, task.complete, stop) };
    }
  }
}
