/* Puts the data files of seeds/ beside the built loader, where it looks for them. */
import { cp } from 'node:fs/promises';
import { extname } from 'node:path';

await cp(new URL('../seeds', import.meta.url), new URL('../dist/seeds', import.meta.url), {
  recursive: true,
  filter: (source) =>
    !source.endsWith('.ts') && (extname(source) === '' || ['.yaml', '.json', '.ttf', '.txt'].includes(extname(source))),
});
