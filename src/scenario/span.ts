/**
 * Where things stand in a scenario's source: offsets while reading, lines and columns for people.
 */

/** Offsets in UTF-16 code units; `end` is the first unit after. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/**
 * One-based; columns count UTF-16 code units, as the Language Server Protocol and SARIF do.
 * `endColumn` is the first column after, on the same line, and always greater than `column`.
 */
export interface SourceSpan {
  readonly line: number;
  readonly column: number;
  readonly endColumn: number;
}

/** Finds the line of an offset by bisection, so that many positions in one long file stay cheap. */
export class LineTable {
  readonly #starts: number[] = [0];
  readonly #length: number;

  constructor(text: string) {
    this.#length = text.length;
    for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
      this.#starts.push(at + 1);
    }
  }

  /** A span over several lines is cut at the end of its first. */
  locate(span: Span): SourceSpan {
    const start = Math.min(span.start, this.#length);
    let low = 0;
    let high = this.#starts.length - 1;
    while (low < high) {
      const middle = Math.ceil((low + high) / 2);
      if ((this.#starts[middle] ?? Infinity) <= start) low = middle;
      else high = middle - 1;
    }
    const lineStart = this.#starts[low] ?? 0;
    const nextLine = this.#starts[low + 1];
    const lineEnd = nextLine === undefined ? this.#length : nextLine - 1;
    const end = Math.max(start + 1, Math.min(span.end, lineEnd));
    return { line: low + 1, column: start - lineStart + 1, endColumn: end - lineStart + 1 };
  }
}

interface NodeSpans {
  span: Span | null;
  readonly properties: { readonly name: string; readonly span: Span }[];
}

/**
 * The spans of a tree's nodes and of their properties.
 *
 * A property without a span was not written (its default stands) or was not understood (and is
 * already reported); the checks leave both alone.
 */
export class SpanTable {
  readonly #nodes = new Map<object, NodeSpans>();

  place<Node extends object>(node: Node, span: Span): Node {
    this.#of(node).span = span;
    return node;
  }

  placeProperty<Node extends object>(node: Node, name: keyof Node & string, span: Span): void {
    this.#of(node).properties.push({ name, span });
  }

  ofNode(node: object): Span | null {
    return this.#nodes.get(node)?.span ?? null;
  }

  ofProperty(node: object, name: string): Span | null {
    const found = this.#nodes.get(node)?.properties.find((property) => property.name === name);
    return found?.span ?? null;
  }

  #of(node: object): NodeSpans {
    const known = this.#nodes.get(node);
    if (known !== undefined) return known;
    const created: NodeSpans = { span: null, properties: [] };
    this.#nodes.set(node, created);
    return created;
  }
}
