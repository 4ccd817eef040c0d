import { FigureList, type FigureView } from '@trawl/spec';
import type { Call, Http, Query } from './http.js';

/** Of what a figure is drawn. */
export type FigureSubject = 'sweep' | 'run';

/** Which stage, split and so on; `options` of the list says which a figure takes. */
export type FigureQuery = Query;

const at = (of: FigureSubject, id: string, ...rest: string[]): string[] => ['v1', `${of}s`, id, 'figures', ...rest];

export function figureCalls(http: Http) {
  const bytes = (call: Call): Promise<Uint8Array> =>
    http.send(
      { ...call, headers: { accept: '*/*' }, patient: true },
      async (answer) => new Uint8Array(await answer.arrayBuffer()),
    );

  return {
    list: async (of: FigureSubject, id: string): Promise<FigureView[]> =>
      (await http.json(FigureList, { method: 'GET', path: at(of, id) })).items,
    /** `file` is a name with its format, as search-results.svg. A movie may take half a minute. */
    get: (of: FigureSubject, id: string, file: string, query: FigureQuery = {}): Promise<Uint8Array> =>
      bytes({ method: 'GET', path: at(of, id, file), query }),
    /** For an `img`, a `video` or a link. */
    url: (of: FigureSubject, id: string, file: string, query: FigureQuery = {}): string =>
      http.url(at(of, id, file), query),
    /** The review sheet of a stage: an HTML file. */
    review: (sweepId: string, stage: string): Promise<Uint8Array> =>
      bytes({ method: 'GET', path: ['v1', 'sweeps', sweepId, 'stages', stage, 'review'] }),
  };
}
