import type { Image } from '../data/image.js';

/** One latent of one run, from its low end to its high end. */
export interface MoviePanel {
  title: string;
  /** Texts at the two ends of the scale below the panel. */
  low: string;
  high: string;
  /** Of each scene its steps; all images of a movie are of one size. */
  scenes: Image[][];
}

/** Panels that move in step: up and down again in each scene. */
export interface Movie {
  title: string;
  subtitle: string;
  /** What each scene is, as its base frame. */
  scenes: string[];
  /** Panels side by side. */
  columns: number;
  /** Row by row. */
  panels: MoviePanel[];
}

export const FRAMES_PER_SECOND = 12.5;
/** Without pictures between two scenes, as BehaveNet has them. */
export const BLANK_FRAMES = 5;

/** Which scene and step each frame shows: low to high and back, the turning point twice; null is blank. */
export function framesOf({ scenes, panels }: Movie): { scene: number; step: number | null }[] {
  return scenes.flatMap((_, scene) => {
    const steps = Math.max(0, ...panels.map((panel) => panel.scenes[scene]?.length ?? 0));
    const up = Array.from({ length: steps }, (__, step) => ({ scene, step }));
    const blank = Array.from({ length: scene < scenes.length - 1 ? BLANK_FRAMES : 0 }, () => ({ scene, step: null }));
    return [...up, ...up.toReversed(), ...blank];
  });
}
