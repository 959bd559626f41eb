/**
 * Questions about a state whose answers are remembered. What a question looks at first is always the same,
 * what it looks at next depends on what it has found: its answers are the leaves of a tree, each inner node
 * of which is a place of the state. To answer is to walk down; nothing is computed.
 *
 * All trees are in one set of flat arrays. Nodes and leaves are numbers: a node is above 0, a leaf below,
 * and 0 is where nobody has been yet.
 */
import { assert } from '../../../base/assert.ts';
import { placeOfEdge } from '../../../base/hash.ts';
import { longer } from './growth.ts';

const firstCapacity = 4096;
const mostLoad = 0.6;
const unknown = 0;

export class DecisionTrees {
  /** For each node: the place it looks at, and where its first value leads. */
  #places = new Int32Array(firstCapacity);
  #firstValues = new Int32Array(firstCapacity);
  #firstNext = new Int32Array(firstCapacity);
  #nodes = 1;
  /** Edges by further values, in open addressing: node, value, next. */
  #edges = new Int32Array(firstCapacity * 3);
  #mask = firstCapacity - 1;
  #edgeCount = 0;
  #roots = new Int32Array(64);

  get bytes(): number {
    return this.#places.byteLength * 3 + this.#edges.byteLength + this.#roots.byteLength;
  }

  /** The leaf that a question has in the state with these values, from 0; −1 where it is not known. */
  find(question: number, values: Int32Array): number {
    let node = this.#roots[question] ?? unknown;
    while (node > 0) {
      const value = values[this.#places[node] ?? 0] ?? 0;
      node = value === this.#firstValues[node] ? this.#firstNext[node] ?? unknown : this.#further(node, value);
    }
    return -1 - node;
  }

  /**
   * Remembers that a question has a leaf wherever the places in `looked` hold what they hold in `values`.
   * The places are in the order in which they were looked at, some perhaps twice.
   */
  add(question: number, looked: readonly number[], values: Int32Array, leaf: number): void {
    while (question >= this.#roots.length) this.#roots = longer(this.#roots);
    const seen = new Set<number>();
    let from = unknown;
    let by = 0;
    let node = this.#roots[question] ?? unknown;
    // What is there already may look at places in another order, which says as much.
    while (node > 0) {
      const place = this.#places[node] ?? 0;
      seen.add(place);
      from = node;
      by = values[place] ?? 0;
      node = by === this.#firstValues[node] ? this.#firstNext[node] ?? unknown : this.#further(node, by);
    }
    assert(node === unknown, 'what is known is not asked again');
    for (const place of looked) {
      if (seen.has(place)) continue;
      seen.add(place);
      const next = this.#newNode(place, values[place] ?? 0);
      this.#connect(question, from, by, next);
      from = next;
      by = values[place] ?? 0;
    }
    this.#connect(question, from, by, -1 - leaf);
  }

  #connect(question: number, from: number, by: number, to: number): void {
    if (from === unknown) this.#roots[question] = to;
    else if (by === this.#firstValues[from]) this.#firstNext[from] = to;
    else this.#putEdge(from, by, to);
  }

  #newNode(place: number, firstValue: number): number {
    const node = this.#nodes;
    this.#nodes += 1;
    if (node >= this.#places.length) {
      this.#places = longer(this.#places);
      this.#firstValues = longer(this.#firstValues);
      this.#firstNext = longer(this.#firstNext);
    }
    this.#places[node] = place;
    this.#firstValues[node] = firstValue;
    return node;
  }

  #further(node: number, value: number): number {
    const edges = this.#edges;
    for (let at = placeOfEdge(node, value, this.#mask); ; at = at === this.#mask ? 0 : at + 1) {
      const found = edges[at * 3];
      if (found === node && edges[at * 3 + 1] === value) return edges[at * 3 + 2] ?? unknown;
      if (found === 0) return unknown;
    }
  }

  #putEdge(node: number, value: number, next: number): void {
    if (this.#edgeCount > this.#mask * mostLoad) this.#grow();
    const edges = this.#edges;
    let at = placeOfEdge(node, value, this.#mask);
    while (edges[at * 3] !== 0 && !(edges[at * 3] === node && edges[at * 3 + 1] === value)) {
      at = at === this.#mask ? 0 : at + 1;
    }
    if (edges[at * 3] === 0) this.#edgeCount += 1;
    edges[at * 3] = node;
    edges[at * 3 + 1] = value;
    edges[at * 3 + 2] = next;
  }

  #grow(): void {
    const old = this.#edges;
    this.#mask = this.#mask * 2 + 1;
    this.#edges = new Int32Array((this.#mask + 1) * 3);
    this.#edgeCount = 0;
    for (let at = 0; at < old.length; at += 3) {
      const node = old[at] ?? 0;
      if (node !== 0) this.#putEdge(node, old[at + 1] ?? 0, old[at + 2] ?? 0);
    }
  }
}
