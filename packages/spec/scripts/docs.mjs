// Writes docs/spec.md from the sections in ../reference and the schemas. Runs on the built package.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { renderReference } from '../dist/reference.js';

const folder = new URL('../reference/', import.meta.url);
const sections = readdirSync(folder)
  .sort()
  .map((file) => readFileSync(new URL(file, folder), 'utf8'));
writeFileSync(new URL('../../../docs/spec.md', import.meta.url), renderReference(sections));
