export const FIGURE_FORMATS = ['svg', 'png'] as const;
export type FigureFormat = (typeof FIGURE_FORMATS)[number];

/** GIF needs nothing; the others an ffmpeg. */
export const MOVIE_FORMATS = ['gif', 'mp4', 'webm'] as const;
export type MovieFormat = (typeof MOVIE_FORMATS)[number];

export const MEDIA_TYPES: Record<FigureFormat | MovieFormat, string> = {
  svg: 'image/svg+xml',
  png: 'image/png',
  gif: 'image/gif',
  mp4: 'video/mp4',
  webm: 'video/webm',
};
