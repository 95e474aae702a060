// Which of the dropped files are sent, and which of them belong to one takeaway: as capture/cards/shot_groups.py does
// for cards, but by names, sizes and times alone.
const RAW = /\.(dng|gpr|cr[23w]|nef|nrw|arw|raf|or[fi]|rw[2l]|pef|srw|x3f|raw|3fr|fff|iiq|mrw|erf|kdc|dcr|mef|mos)$/i;
const COPY = /\.(thm|lrv|lrf|glv)$/i;
const GOPRO = /^(?:(gopr)|g([hxp])(\d\d))(\d{4})$/i;
const PIXEL = /^(.+\.(?!burst)[a-z_]+)-\d\d(?:\.mp)?(?:\.cover|\.original)?$/i;
// What programs add to the name of a Live Photo or a motion photo.
const ADDED = /^(.+?)(?:_hevc|\.(?:hei[cf]|jpe?g))$|^(pxl_.+)\.mp$/i;
// The two lenses of one recording of Insta360.
const LENS = /^(vid_\d{8}_\d{6})_(\d\d)_(\d{3})$/i;
// XDCAM EX: CLPR/632_0001_01/632_0001_01.MP4 goes on in CLPR/632_0001_02.
const CLIP = /^(.+_\d{4})_(\d\d)$/;
const EDITED = /^(img_)e(\d{4})$/i;
// The film of a Live Photo lasts a few seconds, and is written with its picture.
const LIVE_BYTES = 40_000_000;
const LIVE_MS = 15_000;
const SAME_SHOT_MS = 2_000;

const extension = (name) => (/.\.[^.]+$/.test(name) ? name.slice(name.lastIndexOf(".")).toLowerCase() : "");
const stem = (name) => (extension(name) ? name.slice(0, name.lastIndexOf(".")) : name).toLowerCase();
const near = (one, two, most) => Math.abs(one.file.lastModified - two.file.lastModified) <= most;

function kindOf({ file }, kinds) {
  if (RAW.test(file.name)) return "raw";
  return kinds[extension(file.name)] ?? (/^(?:image|video|audio)(?=\/)/.exec(file.type)?.[0] ?? "");
}

function chapterOf(name) {
  const lens = LENS.exec(name);
  if (lens) return { shot: `${lens[1]}_${lens[3]}`, number: Number(lens[2]) };
  const found = GOPRO.exec(name);
  if (!found) return null;
  const series = found[1] || found[2].toLowerCase() === "p" ? "gopr" : `g${found[2].toLowerCase()}`;
  return { shot: series + found[4], number: Number(found[3] ?? 0) };
}

function shotOf(name) {
  const [, before, pixel] = ADDED.exec(stem(name)) ?? [];
  const plain = before ?? pixel ?? stem(name);
  const edited = EDITED.exec(plain);
  if (edited) return edited[1] + edited[2];
  return chapterOf(plain)?.shot ?? PIXEL.exec(plain)?.[1] ?? plain;
}

// The folder of a clip of XDCAM EX's own, which all clips of its recording have in common.
function clipOf({ file, folder }) {
  const [, above, own] = /^(.*clpr)\/([^/]+)\/?$/i.exec(folder) ?? [];
  const found = own && own.toLowerCase() === stem(file.name) && CLIP.exec(own);
  return found ? { folder: above, shot: found[1].toLowerCase(), number: Number(found[2]) } : null;
}

// The film of which a file is only a small copy, as cameras keep them beside it.
function isCopy({ file, folder }, all) {
  if (!COPY.test(file.name)) return false;
  if (/\.thm$/i.test(file.name)) return true;
  const own = stem(file.name);
  const of = [own, own.replace(/^gl(\d{6})$/, "gx$1"), own.replace(/^gl(\d{6})$/, "gh$1")];
  return all.some((one) => one.folder === folder && /\.(mp4|mov|insv|360)$/i.test(one.file.name) && of.includes(stem(one.file.name)));
}

// {wanted, left}: what is sent, and what is not, with the reason ("hidden", "copy" or "other").
export function sift(all, kinds) {
  const wanted = [];
  const left = [];
  for (const one of all) {
    const { name } = one.file;
    if (name.startsWith(".")) left.push({ name, why: "hidden" });
    else if (isCopy(one, all)) left.push({ name, why: "copy" });
    // Without an extension only the content tells.
    else if (kindOf(one, kinds) || !extension(name) || COPY.test(name)) wanted.push(one);
    else left.push({ name, why: "other" });
  }
  return { wanted, left };
}

// What is sent, in order. ``numberOf`` gives the number of a takeaway by its first file; its other files have the same.
export function queued(wanted, kinds, most, numberOf) {
  return grouped(wanted, kinds, most).flatMap((shot) => {
    const number = numberOf(shot[0].file);
    return shot.map(({ file }) => ({ file, number }));
  });
}

// The files of one shot together, the one to show first in front; no more than fit into a takeaway.
export function grouped(wanted, kinds, most) {
  const shots = new Map();
  for (const one of wanted) {
    const clip = clipOf(one);
    const key = clip ? `${clip.folder}\n${clip.shot}` : `${one.folder}\n${shotOf(one.file.name)}`;
    shots.set(key, [...(shots.get(key) ?? []), one]);
  }
  return [...shots.values()].flatMap((shot) => split(shot, kinds)).flatMap((group) => pieces(group, most));
}

function pieces(group, most) {
  const found = [];
  for (let at = 0; at < group.length; at += most) found.push(group.slice(at, at + most));
  return found;
}

function split(shot, kinds) {
  const of = (kind) => shot.filter((one) => kindOf(one, kinds) === kind);
  const shownFirst = (one) => (EDITED.test(stem(one.file.name)) || stem(one.file.name).includes("cover") ? 0 : 1);
  const photos = of("image").sort((a, b) => shownFirst(a) - shownFirst(b));
  const [raws, films, sounds, others] = [of("raw"), of("video"), of("audio"), of("")];
  const alone = (files) => files.map((one) => [one]);
  const first = photos[0] ?? raws[0];
  if (first) {
    const same = (one) => one !== first && near(one, first, SAME_SHOT_MS);
    const live = (one) => one.file.size <= LIVE_BYTES && near(one, first, LIVE_MS);
    const together = [first, ...photos.filter(same), ...raws.filter((one) => one !== first), ...films.filter(live), ...sounds];
    return [together, ...alone(shot.filter((one) => !together.includes(one)))];
  }
  const chapter = (one) => clipOf(one) ?? chapterOf(stem(one.file.name));
  if (films.length && (films.length === 1 || films.every(chapter))) {
    films.sort((a, b) => (chapter(a)?.number ?? 0) - (chapter(b)?.number ?? 0));
    return [[...films, ...sounds], ...alone(others)];
  }
  return alone(shot);
}
