/** Row and column. */
export type Place = readonly [row: number, column: number];

/**
 * Distance of each true place from the particle that it is given, one to one so that their sum is least; as many as there
 * are particles for. Exact, by the best way to serve each subset of the true places: there are few.
 */
export function matchedDistances(truth: readonly Place[], particles: readonly Place[]): number[] {
  const wanted = Math.min(truth.length, particles.length);
  interface Way {
    cost: number;
    distances: number[];
  }
  let best = new Map<number, Way>([[0, { cost: 0, distances: [] }]]);
  for (const particle of particles) {
    const next = new Map(best);
    for (const [served, way] of best) {
      truth.forEach((place, i) => {
        const bit = 1 << i;
        if ((served & bit) !== 0) return;
        const distance = Math.hypot(place[0] - particle[0], place[1] - particle[1]);
        const cost = way.cost + distance;
        const known = next.get(served | bit);
        if (!known || cost < known.cost) next.set(served | bit, { cost, distances: [...way.distances, distance] });
      });
    }
    best = next;
  }
  const ways = [...best.values()].filter(({ distances }) => distances.length === wanted);
  return ways.reduce((least, way) => (way.cost < least.cost ? way : least), {
    cost: Infinity,
    distances: [] as number[],
  }).distances;
}
