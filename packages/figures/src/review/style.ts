import { inkOn, ramp } from '../draw/palette.js';

/** Light to dark, with ink that is legible on it. */
const SHADES = Array.from({ length: 10 }, (_, i) => {
  const colour = ramp(0.98 - 0.1 * i);
  return `.matrix .r${i} { background: ${colour}; color: ${inkOn(colour)}; }`;
}).join('\n');

/** The sheet's only style; attributes hold none, so that its policy can name this one. */
export const STYLE = `
:root { color-scheme: light; font: 14px/1.45 system-ui, "Segoe UI", sans-serif; color: #1a1a1a; background: #fff; }
body { margin: 0 0 48px; }
header { padding: 16px 20px 4px; }
h1 { font-size: 20px; margin: 0 0 8px; }
h2 { font-size: 16px; margin: 0 0 2px; }
h3 { font-size: 13px; margin: 18px 0 4px; }
section { padding: 0 20px; }
.facts { display: flex; flex-wrap: wrap; gap: 4px 24px; margin: 0; }
.facts div { max-width: 60ch; }
dt { color: #595959; font-size: 12px; }
dd { margin: 0; }
.controls { position: sticky; top: 0; z-index: 1; display: flex; flex-wrap: wrap; align-items: center; gap: 6px 18px; padding: 8px 20px; background: #f4f4f4; border-block: 1px solid #d0d0d0; }
.controls label { display: flex; align-items: center; gap: 6px; }
.controls button { min-width: 5em; font: inherit; }
.controls output { min-width: 4em; }
.keys, .note, .rank { color: #595959; }
.note { margin: 6px 20px; }
article .note { margin: 6px 0; }
main { display: flex; gap: 16px; align-items: flex-start; overflow-x: auto; padding: 14px 20px; }
article { flex: 0 0 340px; border: 1px solid #d0d0d0; border-radius: 6px; padding: 12px; }
.badge { font-size: 12px; font-weight: normal; border: 1px solid #1d3a7a; color: #1d3a7a; border-radius: 9px; padding: 1px 8px; white-space: nowrap; }
.rank { margin: 0 0 8px; }
.stage { display: grid; gap: 8px; }
.stage figure { margin: 0; }
.stage canvas { width: 100%; image-rendering: pixelated; background: #000; display: block; }
.stage figcaption { font-size: 12px; color: #595959; }
table { border-collapse: collapse; width: 100%; font-size: 12px; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: 2px 6px 2px 0; border-bottom: 1px solid #e4e4e4; vertical-align: top; }
.scores td:not(:first-child), .scores th:not(:first-child) { white-space: nowrap; }
.seeds td:last-child { overflow-wrap: anywhere; }
.matrices { display: flex; flex-wrap: wrap; gap: 4px 16px; }
.matrix { width: auto; }
.matrix td { padding: 3px 6px; text-align: right; border: 1px solid #fff; }
${SHADES}
.command { user-select: all; background: #f4f4f4; padding: 8px; margin: 0; white-space: pre-wrap; overflow-wrap: anywhere; font-size: 12px; }
section { margin-top: 28px; }
.details { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 640px), 1fr)); gap: 12px 24px; align-items: start; }
.figure { display: block; width: 100%; max-width: 1000px; }
@media print { .controls { position: static; } main { flex-wrap: wrap; overflow: visible; } article { break-inside: avoid; } }
`;
