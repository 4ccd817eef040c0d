// node migrate.mjs DATABASE_URL
import { migrate } from '../dist/migrate.js';

const [databaseUrl] = process.argv.slice(2);
if (databaseUrl === undefined) {
  process.stderr.write('give the database: migrate.mjs postgres://user:password@host:port/name\n');
  process.exit(2);
}
try {
  const applied = await migrate(databaseUrl);
  process.stdout.write(applied.length === 0 ? 'nothing to apply\n' : `applied ${applied.join(', ')}\n`);
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : String(error)}\n`);
  process.exit(1);
}
