/**
 * Compiles a glob over browse paths: `*` any characters of one name, `?` one, `**` any number of names, `/` between
 * names. A pattern without `/` matches the last name of a path. Upper and lower case are the same.
 */
export function compileGlob(pattern: string): (path: readonly string[]) => boolean {
  const parts = pattern.split('/').filter((part) => part !== '');
  const segments = (parts.length < 2 && !pattern.startsWith('/') ? ['**', ...parts] : parts).map((part) =>
    part === '**' ? null : compileName(part.toLowerCase()),
  );
  return (path) =>
    matchSegments(
      segments,
      path.map((name) => name.toLowerCase()),
    );
}

type NameTest = (name: string) => boolean;

/** Set of reachable pattern positions, name by name, so that the time is bounded by names times segments. */
function matchSegments(segments: readonly (NameTest | null)[], path: readonly string[]): boolean {
  let reached = withSkips(new Set([0]), segments);
  for (const name of path) {
    const next = new Set<number>();
    for (const at of reached) {
      const segment = segments[at];
      if (segment === null) next.add(at);
      else if (segment?.(name) === true) next.add(at + 1);
    }
    reached = withSkips(next, segments);
    if (reached.size === 0) return false;
  }
  return reached.has(segments.length);
}

function withSkips(reached: Set<number>, segments: readonly (NameTest | null)[]): Set<number> {
  for (const at of reached) if (segments[at] === null) reached.add(at + 1);
  return reached;
}

/** Greedy match with one place to come back to, linear but for repeated stars. */
function compileName(pattern: string): NameTest {
  return (name) => {
    let at = 0;
    let position = 0;
    let star = -1;
    let mark = 0;
    while (position < name.length) {
      if (pattern[at] === '*') {
        star = at;
        mark = position;
        at += 1;
      } else if (at < pattern.length && (pattern[at] === '?' || pattern[at] === name[position])) {
        at += 1;
        position += 1;
      } else if (star >= 0) {
        mark += 1;
        position = mark;
        at = star + 1;
      } else return false;
    }
    while (pattern[at] === '*') at += 1;
    return at === pattern.length;
  };
}
