/** Compiled modules as tokens that know where they stand, so that one of them can be replaced. */

export interface Token {
  readonly kind: 'name' | 'number' | 'string' | 'operator' | 'template';
  readonly text: string;
  readonly at: number;
}

const name = /[A-Za-z_$#][\w$]*/y;
const number = /0[xX][\da-fA-F_]+n?|\d[\d_]*(?:\.\d+)?(?:e[+-]?\d+)?n?/y;
const string = /'(?:\\[^]|[^'\\])*'|"(?:\\[^]|[^"\\])*"/y;
const blank = /(?:\s|\/\/[^\n]*|\/\*[^]*?\*\/)+/y;
const regularExpression = /\/(?:\\.|\[(?:\\.|[^\]\\])*\]|[^/\\\n])+\/[a-z]*/y;
/** Longest first. */
const operators = [
  '>>>=', '...', '===', '!==', '**=', '<<=', '>>=', '>>>', '&&=', '||=', '??=', '=>', '==', '!=', '<=', '>=',
  '&&', '||', '??', '?.', '++', '--', '+=', '-=', '*=', '/=', '%=', '**', '<<', '>>',
] as const;

function matchAt(pattern: RegExp, text: string, at: number): string {
  pattern.lastIndex = at;
  return pattern.exec(text)?.[0] ?? '';
}

/** Whether a value can begin behind this token, so that a slash or a minus there is not an operation. */
export function endsOperand(token: Token | undefined): boolean {
  if (token === undefined) return false;
  if (token.kind === 'operator') return [')', ']', '}'].includes(token.text);
  return !(token.kind === 'name' && ['return', 'typeof', 'case', 'in', 'of', 'throw', 'else'].includes(token.text));
}

export function tokensOf(text: string): readonly Token[] {
  const tokens: Token[] = [];
  // How many braces are open inside each `${` of a template.
  const open: number[] = [];
  const add = (kind: Token['kind'], piece: string, at: number): number => {
    tokens.push({ kind, text: piece, at });
    return at + piece.length;
  };
  const templateText = (start: number): number => {
    let at = start;
    while (at < text.length && text[at] !== '`' && !text.startsWith('${', at)) at += text[at] === '\\' ? 2 : 1;
    if (text[at] === '`') return at + 1;
    open.push(0);
    return at + 2;
  };
  for (let at = 0; at < text.length;) {
    const space = matchAt(blank, text, at);
    if (space !== '') {
      at += space.length;
      continue;
    }
    const here = text[at] ?? '';
    const depth = open.at(-1);
    if (here === '`' || (here === '}' && depth === 0)) {
      if (here === '}') open.pop();
      add('template', here, at);
      at = templateText(at + 1);
      continue;
    }
    if (depth !== undefined && here === '{') open[open.length - 1] = depth + 1;
    if (depth !== undefined && here === '}') open[open.length - 1] = depth - 1;
    const quoted = matchAt(string, text, at)
      || (here === '/' && !endsOperand(tokens.at(-1)) ? matchAt(regularExpression, text, at) : '');
    const word = matchAt(name, text, at);
    const digits = matchAt(number, text, at);
    if (quoted !== '') at = add('string', quoted, at);
    else if (word !== '') at = add('name', word, at);
    else if (digits !== '') at = add('number', digits, at);
    else at = add('operator', operators.find((known) => text.startsWith(known, at)) ?? here, at);
  }
  return tokens;
}
