// Places on a picture: [x, y, width, height] in shares of it, and what becomes of them when it is turned.
export const LEAST = 0.02;

const between = (value, low, high) => Math.min(Math.max(value, low), high);

/** A place as it lies when the picture is turned by so many degrees clockwise (0, 90, 180, 270). */
export function turnPlace([x, y, width, height], degrees) {
  switch (((degrees % 360) + 360) % 360) {
    case 90: return [1 - y - height, x, height, width];
    case 180: return [1 - x - width, 1 - y - height, width, height];
    case 270: return [y, 1 - x - width, height, width];
    default: return [x, y, width, height];
  }
}

/** The same for a point. */
export function turnPoint([x, y], degrees) {
  return turnPlace([x, y, 0, 0], degrees).slice(0, 2);
}

/** Moved by shares, but never out of the picture. */
export function moved([x, y, width, height], dx, dy) {
  return [between(x + dx, 0, 1 - width), between(y + dy, 0, 1 - height), width, height];
}

/** Wider and higher by shares around its middle, inside the picture. */
export function grown([x, y, width, height], dx, dy) {
  const wide = between(width + dx, LEAST, 1);
  const high = between(height + dy, LEAST, 1);
  return moved([x - (wide - width) / 2, y - (high - height) / 2, wide, high], 0, 0);
}

/** The place that two corners span; where it would be too small, it is made larger from the first one. */
export function spanned([ax, ay], [bx, by]) {
  const [x, y] = [between(bx, 0, 1), between(by, 0, 1)];
  const width = Math.max(Math.abs(x - ax), LEAST);
  const height = Math.max(Math.abs(y - ay), LEAST);
  return moved([Math.min(ax, x), Math.min(ay, y), width, height], 0, 0);
}

/** By how much a rectangle that leans has to shrink to lie inside the picture (as capture/imaging/apply_edits.py has it). */
export function fitting([x, y, width, height], tilt, [wide, high]) {
  const [cos, sin] = [Math.abs(Math.cos((tilt * Math.PI) / 180)), Math.abs(Math.sin((tilt * Math.PI) / 180))];
  const [w, h] = [width * wide, height * high];
  const [cx, cy] = [(x + width / 2) * wide, (y + height / 2) * high];
  const reach = [w * cos + h * sin, w * sin + h * cos];
  return Math.min(1, (2 * Math.min(cx, wide - cx)) / reach[0], (2 * Math.min(cy, high - cy)) / reach[1]);
}

/** Whether the middle of one place lies inside another. */
export function covers([x, y, width, height], [ox, oy, owidth, oheight]) {
  const [mx, my] = [ox + owidth / 2, oy + oheight / 2];
  return mx >= x && mx <= x + width && my >= y && my <= y + height;
}
