import { isPlainObject, joinPath } from '@trawl/spec';
import type { Fault } from '@trawl/spec';
import type { ExtensionCheck } from './checkExtension.js';

/** A list of the document that became longer: where it stands, where what was added stands, how many values it had. */
type List = [place: string, own: string, had: number, listed: boolean];

/** Says where in the extension stands what is wrong with the extended document. */
export function translator({ spec, stage, extension }: ExtensionCheck): (fault: Fault) => Fault {
  const at = isPlainObject(spec) && Array.isArray(spec['stages']) ? `stages.${stage.ordinal}` : '';
  // Axes of a zip move together: one that is not extended is wrong because another is.
  const concerned = (group: 'grid' | 'zip') => {
    const axes = Object.entries(stage.space[group]);
    const given = axes.filter(([key]) => extension.values?.[key] !== undefined);
    return group === 'zip' && given.length > 0 ? axes : given;
  };
  const ofSeeds: List = [joinPath(at, 'seeds'), 'seeds', stage.seeds.length, typeof extension.seeds !== 'number'];
  const lists: List[] = [
    ...(['grid', 'zip'] as const).flatMap((group) =>
      concerned(group).map(([key, { length }]): List => [
        joinPath(at, group, key),
        joinPath('values', key),
        length,
        Array.isArray(extension.values?.[key]),
      ]),
    ),
    ...(extension.seeds === undefined ? [] : [ofSeeds]),
  ];
  const whole = extension.values === undefined ? 'seeds' : 'values';
  const ofWhole = new Set(['', at, joinPath(at, 'grid'), joinPath(at, 'zip')]);
  return (fault) => {
    if (ofWhole.has(fault.path)) return { ...fault, path: whole };
    for (const [place, own, had, listed] of lists) {
      if (fault.path === place) return { ...fault, path: own };
      if (!fault.path.startsWith(`${place}.`)) continue;
      const [index = '', ...rest] = fault.path.slice(place.length + 1).split('.');
      const added = Number(index) - had;
      if (added >= 0) return { ...fault, path: listed ? joinPath(own, added, ...rest) : own };
    }
    return { ...fault, path: joinPath('spec', fault.path) };
  };
}
