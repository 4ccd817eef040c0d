import type { z } from 'zod';
import { isPlainObject } from './canonical.js';
import { shortGiven } from './given.js';
import { ANY_JSON, legalWords, oneOf } from './legal.js';
import { keysOfAnyOption, legalKeys, schemaAt, textsOfAnyOption, valueAt } from './schemaAt.js';
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
  return withoutConsequences(issues).flatMap((issue) => {
    const path = issue.path.map(String).join('.');
    const given = valueAt(input, issue.path);
    const judge = schemaAt(schema, issue.path, input);
    const allowed = allowedBy(issue) ?? (judge === null ? 'nothing' : legalWords(judge));

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

/** zod goes on to count the characters of a text where a list should be. */
function withoutConsequences(issues: readonly Issue[]): readonly Issue[] {
  const placeOf = ({ path }: Issue): string => path.map(String).join('\0');
  const wrongKind = new Set(issues.filter(({ code }) => code === 'invalid_type').map(placeOf));
  return issues.filter((issue) => issue.code === 'invalid_type' || !wrongKind.has(placeOf(issue)));
}

/** What a refinement says is legal, as `params: { allowed }`: its schema's words say nothing of it. */
function allowedBy(issue: Issue): string | undefined {
  const allowed: unknown = issue.code === 'custom' ? issue.params?.['allowed'] : undefined;
  return typeof allowed === 'string' ? allowed : undefined;
}

function unknownKeys(keys: readonly string[], path: string, parent: unknown, schema: z.core.$ZodType | null): Fault[] {
  const legal = schema === null ? [] : legalKeys(schema, parent);
  const elsewhere = schema === null ? [] : keysOfAnyOption(schema);
  const beside = isPlainObject(parent) ? Object.keys(parent).filter((key) => legal.includes(key)) : [];
  return keys.map((key) => {
    const isOfAnother = elsewhere.includes(key);
    const message = isOfAnother ? `cannot stand beside ${beside.join(', ')}` : `unknown key${suggestion(key, legal)}`;
    const given = shortGiven(valueAt(parent, [key]));
    return { path: joinPath(path, key), message, given, allowed: `${oneOf(legal)}${isOfAnother ? ' alone' : ''}` };
  });
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
  if (typeof given === 'number' && !Number.isFinite(given)) {
    const finite = allowed === ANY_JSON ? `${ANY_JSON}, whose numbers are finite` : allowed;
    return [{ path, message: 'is not a finite number', given: shortGiven(given), allowed: finite }];
  }
  const texts = judge === null ? [] : textsOfAnyOption(judge);
  const message =
    typeof given === 'string' && texts.length > 0
      ? `is not legal${suggestion(given, texts)}`
      : `is ${kindOf(given)}, not one of the legal forms`;
  return [{ path, message, given: shortGiven(given), allowed }];
}

/** The branch of a union that the input was meant for: of the right kind, no key of its own missing. Null: none. */
function bestBranch(branches: readonly (readonly Issue[])[]): readonly Issue[] | null {
  const meant = branches.filter(
    (issues) =>
      !issues.some(
        ({ code, path, message }) =>
          (code === 'invalid_type' &&
            (path.length === 0 || (path.length === 1 && message.endsWith('received undefined')))) ||
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
      if (typeof given !== 'string') return 'is too small';
      return given === '' ? 'is empty' : given.trim() === '' ? 'is only white space' : 'is too short';
    case 'too_big':
      if (issue.origin === 'array') return 'has too many values';
      return issue.origin === 'string' ? 'is too long' : 'is too large';
    case 'not_multiple_of':
      return `is not a multiple of ${issue.divisor}`;
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
  if (value === null || typeof value === 'boolean') return String(value);
  if (Array.isArray(value)) return 'a list';
  return KINDS[typeof value] ?? typeof value;
}
