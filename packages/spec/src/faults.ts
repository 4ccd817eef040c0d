import type { z } from 'zod';
import { isPlainObject } from './canonical.js';
import { shortGiven } from './given.js';
import { legalWords, oneOf } from './legal.js';
import { keysOfAnyOption, legalKeys, schemaAt, valueAt } from './schemaAt.js';
import { suggestion } from './suggest.js';
import type { Fault } from './values.js';

type Issue = z.core.$ZodIssue;

/**
 * What zod found, one fault for each thing that is wrong. `input` is what was parsed by `schema`;
 * `prefix` is where that stands in the document, as `stages.1.params`.
 */
export function faultsOf(error: z.ZodError, input: unknown, schema: z.core.$ZodType, prefix = ''): Fault[] {
  return issueFaults(error.issues, input, schema).map((fault) => ({ ...fault, path: joinPath(prefix, fault.path) }));
}

/** Joins parts of a fault's path with dots; empty parts fall away. */
export function joinPath(...parts: (string | number)[]): string {
  return parts
    .map(String)
    .filter((part) => part !== '')
    .join('.');
}

function issueFaults(issues: readonly Issue[], input: unknown, schema: z.core.$ZodType): Fault[] {
  return issues.flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    const given = valueAt(input, issue.path);
    const judge = schemaAt(schema, issue.path, input);
    const allowed = judge === null ? 'nothing' : legalWords(judge);

    if (issue.code === 'unrecognized_keys') return unknownKeys(issue.keys, path, given, judge);
    if (issue.code === 'invalid_union') return unionFaults(issue, path, given, judge, allowed);
    if (issue.code === 'invalid_key') {
      const message = `the key ${JSON.stringify(issue.path.at(-1))} is not legal: ${issue.issues[0]?.message ?? ''}`;
      return [{ path, message, given: shortGiven(given), allowed: 'a key that is not empty' }];
    }
    if (given === undefined) return [{ path, message: 'is missing', allowed }];
    return [{ path, message: messageOf(issue, given), given: shortGiven(given), allowed }];
  });
}

function unknownKeys(keys: readonly string[], path: string, parent: unknown, schema: z.core.$ZodType | null): Fault[] {
  const legal = schema === null ? [] : legalKeys(schema, parent);
  return keys.map((key) => ({
    path: joinPath(path, key),
    message: `unknown key${suggestion(key, legal)}`,
    given: shortGiven(valueAt(parent, [key])),
    allowed: oneOf(legal),
  }));
}

function unionFaults(
  issue: Extract<Issue, { code: 'invalid_union' }>,
  path: string,
  given: unknown,
  judge: z.core.$ZodType | null,
  allowed: string,
): Fault[] {
  // Of a discriminated union: the path is the discriminator's, and the schema there is one option's literal.
  if ('options' in issue && Array.isArray(issue.options)) {
    const legal = oneOf(issue.options);
    if (given === undefined) return [{ path, message: 'is missing', allowed: legal }];
    const meant = typeof given === 'string' ? suggestion(given, issue.options.map(String)) : '';
    return [{ path, message: `is not one of the legal values${meant}`, given: shortGiven(given), allowed: legal }];
  }
  if (given === undefined) return [{ path, message: 'is missing', allowed }];
  const branch = bestBranch(issue.errors);
  if (branch !== null && judge !== null) {
    return issueFaults(branch, given, judge).map((fault) => ({ ...fault, path: joinPath(path, fault.path) }));
  }
  if (isPlainObject(given) && judge !== null) {
    const legal = keysOfAnyOption(judge);
    const wrong = Object.keys(given).find((key) => !legal.includes(key));
    if (wrong !== undefined && legal.length > 0) {
      const message = `unknown key${suggestion(wrong, legal)}`;
      return [{ path: joinPath(path, wrong), message, given: shortGiven(given[wrong]), allowed: oneOf(legal) }];
    }
  }
  const message = typeof given === 'number' && !Number.isFinite(given) ? 'is not a finite number' : 'has no legal form';
  return [{ path, message, given: shortGiven(given), allowed }];
}

/** The branch of a union that the input was meant for: of the right kind, no key missing. Null: none. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const meant = branches.filter(
    (issues) =>
      !issues.some(
        ({ code, path, message }) =>
          (code === 'invalid_type' && (path.length === 0 || message.endsWith('received undefined'))) ||
          (code === 'invalid_value' && path.length === 0),
      ),
  );
  return meant.toSorted((a, b) => a.length - b.length)[0] ?? null;
}

function messageOf(issue: Issue, given: unknown): string {
  switch (issue.code) {
    case 'invalid_type':
      if (issue.expected === 'int' && typeof given === 'number' && Number.isFinite(given)) return 'is not an integer';
      if (typeof given === 'number' && !Number.isFinite(given)) return 'is not a finite number';
      return `is ${kindOf(given)}, not ${KINDS[issue.expected] ?? issue.expected}`;
    case 'invalid_value':
      return `is not legal${typeof given === 'string' ? suggestion(given, issue.values.map(String)) : ''}`;
    case 'too_small':
      if (issue.origin === 'array') return 'has too few values';
      return issue.origin === 'string' ? 'is too short' : 'is too small';
    case 'too_big':
      if (issue.origin === 'array') return 'has too many values';
      return issue.origin === 'string' ? 'is too long' : 'is too large';
    default:
      return issue.message;
  }
}

const KINDS: Record<string, string> = {
  string: 'a text',
  number: 'a number',
  int: 'an integer',
  boolean: 'true or false',
  array: 'a list',
  tuple: 'a list',
  object: 'an object',
  record: 'an object',
  null: 'null',
};

function kindOf(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  return KINDS[typeof value] ?? typeof value;
}
