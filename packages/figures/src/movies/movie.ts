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

/** Panels that move in step. */
export interface Movie {
  title: string;
  subtitle: string;
  /** What each scene is, as its base frame. */
  scenes: string[];
  /** Panels side by side. */
  columns: number;
  /** Row by row. */
  panels: MoviePanel[];
  /** Absent: up and down again in each scene. */
  time?: MovieTime;
}

/** Steps that are moments: played once, forwards. */
export interface MovieTime {
  /** How many of the first steps are given; pictures up to there have a frame of another colour than later ones. */
  given: number;
  framesPerSecond: number;
}

export const FRAMES_PER_SECOND = 12.5;
/** Without pictures between two scenes, as BehaveNet has them. */
export const BLANK_FRAMES = 5;

/** Last steps of a scene that is played once stay for so many frames. */
const HELD_FRAMES = 6;

/** Which scene and step each frame shows: low to high and back, the turning point twice, or once; null is blank. */
export function framesOf({ scenes, panels, time }: Movie): { scene: number; step: number | null }[] {
  return scenes.flatMap((_, scene) => {
    const steps = Math.max(0, ...panels.map((panel) => panel.scenes[scene]?.length ?? 0));
    const up = Array.from({ length: steps }, (__, step) => ({ scene, step }));
    const then = time ? Array.from({ length: HELD_FRAMES }, () => ({ scene, step: steps - 1 })) : up.toReversed();
    const blank = Array.from({ length: scene < scenes.length - 1 ? BLANK_FRAMES : 0 }, () => ({ scene, step: null }));
    return [...up, ...then, ...blank];
  });
}
