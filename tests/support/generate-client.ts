import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { apiTypes } from './api-document.ts';

/** Writes the types of the console's client anew. */
await writeFile(join(import.meta.dirname, '../../scoring/console/generated/api-types.ts'), await apiTypes());
