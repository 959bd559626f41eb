/**
 * A kernel routine whose position is a value.
 *
 * A routine's effects go through `yield` alone, so what it does next depends only on the answers it
 * got. The answers so far are a path in a tree, and the number of the node at its end *is* the
 * routine's position: it can be journalled, compared and hashed like any other word of state. The
 * generator itself is run forward; only when a machine went back and takes another branch is it run
 * again from the start along the path.
 */
import { assert, fail } from '../../base/assert.ts';
import type { Answer, Operation, Routine } from './operation.ts';

interface Node {
  readonly parent: number;
  readonly answer: Answer;
  /** What the routine does here; null when it has ended. */
  readonly operation: Operation | null;
  /** The first answer that was given here, and where it leads; nearly always the only one. */
  edge: number | string | null;
  child: number;
  /** Other answers, from machines that went back and took another branch. */
  branches: Map<number | string, number> | null;
}

function edgeOf(answer: Answer): number | string {
  return typeof answer === 'number' ? answer : `${answer.high}:${answer.low}`;
}

export class Program {
  readonly #start: () => Routine<void>;
  readonly #nodes: Node[] = [];
  #live: Routine<void>;
  /** The node at which `#live` stands. */
  #livePosition = 0;

  constructor(start: () => Routine<void>) {
    this.#start = start;
    this.#live = start();
    this.#nodes.push(this.#nodeFor(-1, 0, this.#live.next()));
  }

  /** The position of a program that has not been answered anything. */
  get first(): number {
    return 0;
  }

  operationAt(position: number): Operation | null {
    return this.#node(position).operation;
  }

  /** The position after the operation at `position` was answered. */
  after(position: number, answer: Answer): number {
    const node = this.#node(position);
    assert(node.operation !== null, 'a program that has ended takes no answer');
    const edge = edgeOf(answer);
    const known = node.edge === edge ? node.child : node.branches?.get(edge);
    if (known !== undefined) return known;
    if (this.#livePosition !== position) this.#runAgainTo(position);
    const reached = this.#nodes.length;
    this.#nodes.push(this.#nodeFor(position, answer, this.#live.next(answer)));
    if (node.edge === null) {
      node.edge = edge;
      node.child = reached;
    } else {
      node.branches ??= new Map();
      node.branches.set(edge, reached);
    }
    this.#livePosition = reached;
    return reached;
  }

  #runAgainTo(position: number): void {
    const answers: Answer[] = [];
    for (let at = position; at !== 0; at = this.#node(at).parent) answers.push(this.#node(at).answer);
    this.#live = this.#start();
    this.#live.next();
    for (const answer of answers.reverse()) this.#live.next(answer);
    this.#livePosition = position;
  }

  #nodeFor(parent: number, answer: Answer, result: IteratorResult<Operation, void>): Node {
    const operation = result.done === true ? null : result.value;
    return { parent, answer, operation, edge: null, child: 0, branches: null };
  }

  #node(position: number): Node {
    const node = this.#nodes[position];
    if (node === undefined) fail(`no position ${position}`);
    return node;
  }
}
