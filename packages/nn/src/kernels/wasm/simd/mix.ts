import type { WasmFunction } from './assembler.js';
import { advance, define, f4add, f4mul, int, loadInt, loadSplat, plus, repeat, zeros } from './assembler.js';
import { again, overChannels } from './channels.js';

const WORD = 4;

/**
 * y[i] = sum over t of weight[i, t] x[place[i, t]] for so many pixels i of `line` bytes each. `table` has of every one how
 * many places there are (1 or more), then each place in bytes and its weight as float32.
 */
export const mixPixels: WasmFunction = define((names) => {
  const [table, pixels, x, line, y] = [
    names.parameter(),
    names.parameter(),
    names.parameter(),
    names.parameter(),
    names.parameter(),
  ];
  const [entry, at, left, from] = [names.local('i32'), names.local('i32'), names.local('i32'), names.local('i32')];
  const weight = names.local('v128');
  return overChannels(names, line, [x, y], (parts) => {
    const kept = parts.map((part) => ({ part, sum: names.local('v128') }));
    return [
      entry.set(table.get),
      at.set(y.get),
      ...again(names, pixels, [
        ...kept.map(({ sum }) => sum.set(zeros)),
        left.set(loadInt(entry.get)),
        advance(entry, int(WORD)),
        repeat(left, [
          from.set(plus(x.get, loadInt(entry.get))),
          weight.set(loadSplat(entry.get, WORD)),
          ...kept.map(({ part, sum }) => sum.set(f4add(sum.get, f4mul(part.load(from.get), weight.get)))),
          advance(entry, int(2 * WORD)),
        ]),
        ...kept.map(({ part, sum }) => part.store(at.get, sum.get)),
        advance(at, line.get),
      ]),
    ];
  });
});
