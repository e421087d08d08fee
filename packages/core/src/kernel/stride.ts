/** The first number from this part of a circle's places on with which strides come by all of them. `part` is more than 0, 1 at most. */
export function strideOf(places: number, part: number): number {
  let stride = Math.ceil(places * part);
  while (divisorOf(stride, places) > 1) stride += 1;
  return stride;
}

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}
