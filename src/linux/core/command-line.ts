/** A kernel command line as its readers take it: words between spaces, some of them `name=a,b`. */
export class CommandLine {
  readonly text: string;
  readonly #words: readonly string[];

  constructor(text: string) {
    this.text = text;
    this.#words = text.split(/\s+/).filter((word) => word !== '');
  }

  has(word: string): boolean {
    return this.#words.includes(word);
  }

  /** All values of `name=…` in their order, those of one word separated by commas. */
  values(name: string): readonly string[] {
    return this.#words.filter((word) => word.startsWith(`${name}=`))
      .flatMap((word) => word.slice(name.length + 1).split(','));
  }
}
