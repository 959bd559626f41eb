/** Names of releases, short enough to stand at the head of a column. */
const longest = 10;

function labelOf(release: string): string {
  const bare = release.replace(/^(?:linux|patch)-(?=.)/, '');
  if (bare.length <= longest) return bare;
  // Version numbers are what tells releases apart; of the other words one letter does.
  return bare.split('-').map((word) => /\d/.test(word) ? word : word.slice(0, 1)).join('-');
}

/** Each release's label; its whole name where two would get the same. */
export function releaseLabels(releases: readonly string[]): ReadonlyMap<string, string> {
  return new Map(releases.map((release) => {
    const label = labelOf(release);
    const others = releases.filter((other) => other !== release && labelOf(other) === label);
    return [release, others.length === 0 ? label : release];
  }));
}
