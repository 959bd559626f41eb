/** What the system says of a file, in words. */
export function systemText(error: unknown, expected = 'a scenario'): string {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  switch (code) {
    case 'ENOENT': return 'there is no such file';
    case 'EACCES': return 'may not be read';
    case 'EISDIR': return `is a folder, not ${expected}`;
    default: return code === '' ? 'cannot be read' : `cannot be read (${code})`;
  }
}
