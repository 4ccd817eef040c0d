/** A number in 0..1 that looks drawn, the same every time. */
export const wobble = (i: number): number => {
  const x = Math.sin(i * 12.9898 + 4.1414) * 43758.5453;
  return x - Math.floor(x);
};
