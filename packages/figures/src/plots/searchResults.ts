import { CONTENT_WIDTH, drawHeader, drawLegend, drawNotes, MARGIN } from '../draw/legend.js';
import { Scene } from '../draw/scene.js';
import { drawSeedPanel, seedLegend, seriesLegend, seriesLook, type SeedPanel } from './seedPanel.js';

/** Panels of metrics by parameters, as the eight of BehaveNet's guide (plot_hyperparameter_search_results). */
export interface SearchResults {
  title: string;
  /** What it is of, with n. */
  subtitle: string;
  panels: SeedPanel[];
  notes: string[];
}

const COLUMNS = 4;
const GAP = 12;
const HIGH = 150;

/** SVG, 180 mm wide. */
export function searchResults({ title, subtitle, panels, notes }: SearchResults): string {
  const scene = new Scene();
  let y = drawHeader(scene, { title, subtitle });
  const columns = Math.max(1, Math.min(COLUMNS, panels.length));
  const w = (CONTENT_WIDTH - GAP * (columns - 1)) / columns;
  // Panels of one series name share colours and shapes.
  const names = [...new Set(panels.map((panel) => panel.seriesName))];
  const looks = new Map(
    names.map((name) => {
      const cells = panels.filter((panel) => panel.seriesName === name).flatMap((panel) => panel.cells);
      return [
        name,
        seriesLook(
          name,
          cells.map((cell) => cell.series),
        ),
      ];
    }),
  );
  for (const [i, panel] of panels.entries()) {
    const box = { x: MARGIN + (i % columns) * (w + GAP), y: y + Math.floor(i / columns) * (HIGH + 6), w, h: HIGH };
    drawSeedPanel(scene, box, panel, looks.get(panel.seriesName) ?? seriesLook(null, []));
  }
  y += Math.ceil(panels.length / columns) * (HIGH + 6) + 2;
  const entries = [...[...looks.values()].flatMap(seriesLegend), ...seedLegend(panels)];
  y += drawLegend(scene, entries, { x: MARGIN, y, w: CONTENT_WIDTH });
  y += drawNotes(scene, notes, { x: MARGIN, y, w: CONTENT_WIDTH });
  return scene.svg(y + MARGIN / 2);
}
