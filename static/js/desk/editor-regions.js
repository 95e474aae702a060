// Regions on a picture as [x, y, width, height] in fractions of its size, and how they rotate with it.
export const LEAST = 0.02;

const between = (value, low, high) => Math.min(Math.max(value, low), high);

/** A region after rotating the picture clockwise by this many degrees (0, 90, 180, 270). */
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

/** A region moved by fractions, kept inside the picture. */
export function moved([x, y, width, height], dx, dy) {
  return [between(x + dx, 0, 1 - width), between(y + dy, 0, 1 - height), width, height];
}

/** A region resized by fractions around its centre, kept inside the picture. */
export function grown([x, y, width, height], dx, dy) {
  const wide = between(width + dx, LEAST, 1);
  const high = between(height + dy, LEAST, 1);
  return moved([x - (wide - width) / 2, y - (high - height) / 2, wide, high], 0, 0);
}

/** The region spanned by two corners; if too small, it is enlarged from the first one. */
export function spanned([ax, ay], [bx, by]) {
  const [x, y] = [between(bx, 0, 1), between(by, 0, 1)];
  const width = Math.max(Math.abs(x - ax), LEAST);
  const height = Math.max(Math.abs(y - ay), LEAST);
  return moved([Math.min(ax, x), Math.min(ay, y), width, height], 0, 0);
}

/** Scale factor for a tilted rectangle to fit inside the picture (as in capture/imaging/apply_edits.py). */
export function fitting([x, y, width, height], tilt, [wide, high]) {
  const [cos, sin] = [Math.abs(Math.cos((tilt * Math.PI) / 180)), Math.abs(Math.sin((tilt * Math.PI) / 180))];
  const [w, h] = [width * wide, height * high];
  const [cx, cy] = [(x + width / 2) * wide, (y + height / 2) * high];
  const reach = [w * cos + h * sin, w * sin + h * cos];
  return Math.min(1, (2 * Math.min(cx, wide - cx)) / reach[0], (2 * Math.min(cy, high - cy)) / reach[1]);
}

/** Whether the centre of one region is inside another. */
export function covers([x, y, width, height], [ox, oy, owidth, oheight]) {
  const [mx, my] = [ox + owidth / 2, oy + oheight / 2];
  return mx >= x && mx <= x + width && my >= y && my <= y + height;
}
