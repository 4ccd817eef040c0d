import { canonicalJson, sha256Hex } from '@trawl/spec';
import type { DatasetFacts, DatasetSpec, Fault } from '@trawl/spec';

/** Looks at each session, then at whether they fit together; `look` says what one of them is. */
export async function inspectSessions(
  { sessions }: { sessions: readonly DatasetSpec[] },
  at: string,
  look: (session: DatasetSpec, at: string) => Promise<{ facts: DatasetFacts } | { faults: Fault[] }>,
): Promise<{ facts: DatasetFacts } | { faults: Fault[] }> {
  const inspected = await Promise.all(sessions.map((session, i) => look(session, `${at}.sessions.${i}`)));
  const faults = inspected.flatMap((each) => ('faults' in each ? each.faults : []));
  if (faults.length > 0) return { faults };
  return joinFacts(
    inspected.flatMap((each) => ('facts' in each ? [each.facts] : [])),
    `${at}.sessions`,
  );
}

/** Facts of several sessions as one dataset, or what does not fit together. `at` is where the sessions stand. */
export function joinFacts(
  sessions: readonly DatasetFacts[],
  at: string,
): { facts: DatasetFacts } | { faults: Fault[] } {
  const [first] = sessions;
  if (first === undefined) throw new Error('no sessions to join');
  const faults = sessions.flatMap((session, i) => differences(session, first, `${at}.${i}`));
  if (faults.length > 0) return { faults };
  const { height, width, channels, labels } = first;
  const sum = (of: (session: DatasetFacts) => number): number => sessions.reduce((total, each) => total + of(each), 0);
  return {
    facts: {
      kind: 'sessions',
      hash: sha256Hex(canonicalJson({ sessions: sessions.map(({ hash }) => hash) })),
      size: sum(({ size }) => size),
      trials: sum(({ trials }) => trials),
      frames: sessions.flatMap(({ frames }) => frames),
      height,
      width,
      channels,
      labels,
      labelMasks: sessions.some(({ labelMasks }) => labelMasks),
      frameMasks: sessions.some(({ frameMasks }) => frameMasks),
      sessions: sessions.map(({ trials }) => trials),
    },
  };
}

const sizeOf = ({ channels, height, width }: DatasetFacts): string => `${channels} x ${height} x ${width}`;

function differences(session: DatasetFacts, first: DatasetFacts, path: string): Fault[] {
  const faults: Fault[] = [];
  if (session.labels !== first.labels) {
    faults.push({
      path,
      message: 'sessions differ in the number of labels',
      given: `${session.labels} labels`,
      allowed: `${first.labels} labels, as in the first session: keep those that all sessions have, in the same order`,
    });
  }
  if (sizeOf(session) !== sizeOf(first)) {
    faults.push({
      path,
      message: 'sessions differ in the size of their frames',
      given: sizeOf(session),
      allowed: `${sizeOf(first)} (channels x height x width), as in the first session: crop or resize all to one size`,
    });
  }
  return faults;
}
