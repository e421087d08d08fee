/** The first number from `least` on, 1 or more, that has no divisor in common with `places`: strides of it come by all of them. */
export function strideFrom(least: number, places: number): number {
  let stride = least;
  while (divisorOf(stride, places) > 1) stride += 1;
  return stride;
}

function divisorOf(a: number, b: number): number {
  return b === 0 ? a : divisorOf(b, a % b);
}
