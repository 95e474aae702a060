"""Groups files of one shot and chapters of one recording: which of a card's files form one
takeaway. Pure.

Cameras number every press of the shutter once (DCF 2.0, JEITA CP-3461): a raw file, its JPEG, the
film of a Live Photo and a voice note share folder and name. GoPro puts the chapter number in front
of the recording's number; other cameras use the next number when a file is full. Where two files
share a name only by chance, their durations and times distinguish them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

# The film of a Live Photo lasts 3 seconds; Android makers go up to 5, apps a little longer.
LIVE_SECONDS = 10.0
# A file that a camera closed at its file system's limit: 2 or 4 GB, some makers stop a little
# earlier.
FULL_BYTES = 1_900_000_000
# Gap between the end of a full file and the start of the next; cameras write whole seconds, some
# only even ones.
SEAM = timedelta(seconds=5)
# Two encodings of one picture have the same time.
SAME_SHOT = timedelta(seconds=2)
# Time zones differ by multiples of a quarter of an hour, in total by little more than a day.
MINUTE, MOST_ZONES = timedelta(minutes=1), timedelta(hours=27)

_GOPRO = re.compile(r"(?:(GOPR)|G([HXP])(\d\d))(\d{4})", re.IGNORECASE)
# Pixel phones: PXL_….RAW-01.COVER.jpg and .RAW-02.ORIGINAL.dng, likewise PORTRAIT and others; a
# burst is many shots.
_PIXEL = re.compile(r"(.+\.(?!burst)[a-z_]+)-\d\d(?:\.mp)?(?:\.cover|\.original)?", re.IGNORECASE)
# iPhones: IMG_E0001 is IMG_0001 as its owner edited it.
_EDITED = re.compile(r"(img_)e(\d{4})", re.IGNORECASE)
# What programs add to a name when they bring a Live Photo or a motion photo to a computer: IMG_0001_HEVC.MOV
# (icloudpd), IMG_0001.HEIC.MOV, and for PXL_….MP.jpg the film PXL_….mp4.
_ADDED = re.compile(r"(.+?)(?:_hevc|\.(?:hei[cf]|jpe?g))|(pxl_.+)\.mp", re.IGNORECASE)
# Canon: SND_0001.WAV is what was said about IMG_0001.JPG.
_NOTE = re.compile(r"snd_(\d{4})", re.IGNORECASE)
# Tracks of one recording: ZOOM0001_LR and _Tr1, 240312_001_TrMic1, TASCAM_0001S12 and its quieter
# copy TASCAM_0001D06.
_TRACK = re.compile(
    r"(.+)_(?:lr|ms|mix|bu|tr(?:lr|ms|mix|mic\d*|\d+(?:[_-](?:tr)?\d+)?|[a-d]))|(.+_\d{4})[smd]\d{1,2}",
    re.IGNORECASE,
)
_RECORDED = (".wav", ".bwf", ".mp3", ".flac")
# Panasonic's P2: CONTENTS/VIDEO/0001AB.MXF without sound, its channels in CONTENTS/AUDIO/0001AB00.MXF and so on.
_P2 = re.compile(r"(.*contents)/(?:(video)|audio)/([0-9a-z]{6})(\d\d)?\.mxf", re.IGNORECASE)
# Sony's XDCAM EX, and JVC: BPAV/CLPR/632_0001_01/632_0001_01.MP4 goes on in 632_0001_02/632_0001_02.MP4.
_EX = re.compile(r"(.*clpr)/([^/]+_\d{4})_(\d\d)/\2_\3\.mp4", re.IGNORECASE)
# Insta360: VID_20261205_093000_00_001 and _10_001 are the two lenses of one recording.
_LENS = re.compile(r"(vid_\d{8}_\d{6})_(\d\d)_(\d{3})", re.IGNORECASE)
_MIX = re.compile(r".+_(?:tr)?(?:lr|mix)|.+s12", re.IGNORECASE)
# Files of one shot begin and end with the same press of the button.
SAME_LENGTH = 5.0
_NUMBER = re.compile(r"(.*?)(\d+)(\D*)")


@dataclass(frozen=True)
class ShotFile:
    """The data of a file that grouping needs. ``name`` is the path below the root, with slashes.

    ``kind`` is photo, raw, video or audio; ``seconds`` is None where the headers do not give it;
    ``stated`` says whether ``taken`` comes from the file itself.
    """

    name: str
    kind: str
    size: int
    taken: datetime
    seconds: float | None = None
    stated: bool = False

    @property
    def folder(self) -> str:
        """The folder of the file."""
        return self.name.rpartition("/")[0].casefold()

    @property
    def stem(self) -> str:
        """The name without folders and extension, in lower case."""
        return self.name.rpartition("/")[2].rpartition(".")[0].casefold()


def shot_key(name: str) -> tuple[str, str]:
    """(folder, shot name): the same for all files of one shot, all chapters of a recording, and all
    tracks of an audio recorder."""
    file = ShotFile(name, "", 0, datetime.min)  # noqa: DTZ901
    if p2 := _P2.fullmatch(name):
        return p2[1].casefold(), p2[3].casefold()
    if ex := _EX.fullmatch(name):
        return ex[1].casefold(), ex[2].casefold()
    if name.casefold().endswith(_RECORDED) and (track := _TRACK.fullmatch(file.stem)):
        return file.folder, track[1] or track[2]
    if lens := _LENS.fullmatch(file.stem):
        return file.folder, f"{lens[1]}_{lens[3]}"
    if note := _NOTE.fullmatch(file.stem):
        return file.folder, f"img_{note[1]}"
    chapter = gopro_chapter(file.stem)
    if chapter is not None:
        return file.folder, chapter[0]
    added = _ADDED.fullmatch(file.stem)
    stem = (added[1] or added[2]) if added else file.stem
    pixel, edited = _PIXEL.fullmatch(stem), _EDITED.fullmatch(stem)
    if edited:
        return file.folder, edited[1] + edited[2]
    return file.folder, pixel[1] if pixel else stem


def gopro_chapter(stem: str) -> tuple[str, int] | None:
    """Parse (recording, chapter) from a GoPro file name; None for other names. GOPR0042, then
    GP010042; GX010042, GX020042."""
    found = _GOPRO.fullmatch(stem)
    if found is None:
        return None
    old = found[1] is not None or found[2].lower() == "p"
    series = "gopr" if old else f"g{found[2].lower()}"
    return f"{series}{found[4]}", int(found[3] or 0)


def group_shots(files: Sequence[ShotFile]) -> list[list[ShotFile]]:
    """Group the files into takeaways, the file to show first in front; groups sorted by time, then
    name."""
    buckets: dict[tuple[str, str], list[ShotFile]] = {}
    for file in map(_by_place, files):
        buckets.setdefault(shot_key(file.name), []).append(file)
    groups = [group for bucket in buckets.values() for group in _split(bucket)]
    groups = list(_join_full(sorted(groups, key=_by_name)))
    return sorted(groups, key=lambda group: (group[0].taken, group[0].name))


def _by_place(file: ShotFile) -> ShotFile:
    """The file with its kind by its place on a P2 card, where films and sounds have one format."""
    p2 = _P2.fullmatch(file.name)
    return replace(file, kind="video" if p2[2] else "audio") if p2 else file


def _split(bucket: list[ShotFile]) -> Iterator[list[ShotFile]]:
    """Split files of one name: those that belong to the picture together, the others on their
    own."""
    photos = sorted((f for f in bucket if f.kind == "photo"), key=_shown_first)
    raws, sounds = _of(bucket, "raw"), _of(bucket, "audio")
    films = sorted(_of(bucket, "video"), key=_chapter)
    first = (photos or raws)[:1]
    if not first:
        yield from _films(films, sounds)
        return
    together = [f for f in photos[1:] if _same_time(f, first[0]) or _is_edit(first[0], f)]
    live = [f for f in films if _is_live(f, first[0])]
    yield [*first, *together, *(r for r in raws if r not in first), *live, *sounds]
    yield from ([f] for f in photos[1:] if f not in together)
    yield from _films([f for f in films if f not in live], [])


def _films(films: list[ShotFile], sounds: list[ShotFile]) -> Iterator[list[ShotFile]]:
    """Group chapters with the audio recorded beside them; other films of one name each on their
    own."""
    edits = [f for f in films if _EDITED.fullmatch(f.stem)]
    if len(edits) == 1 and len(films) == 2:
        yield [*edits, *(f for f in films if f not in edits), *sounds]
        return
    if films and (len(films) == 1 or _chapter_of(films[0]) is not None):
        yield [*films, *sounds]
        return
    if not films and len(sounds) > 1 and _are_tracks(sounds):
        yield sorted(sounds, key=lambda f: (_MIX.fullmatch(f.stem) is None, f.name))
        return
    yield from ([file] for file in (*films, *sounds))


def _are_tracks(sounds: list[ShotFile]) -> bool:
    lengths = [sound.seconds for sound in sounds if sound.seconds is not None]
    return (
        len({sound.stem for sound in sounds}) == len(sounds)
        and all(_TRACK.fullmatch(sound.stem) for sound in sounds)
        and max(lengths, default=0.0) - min(lengths, default=0.0) <= SAME_LENGTH
    )


def _join_full(groups: Iterable[list[ShotFile]]) -> Iterator[list[ShotFile]]:
    """Join recordings that continue in the file of the next number because a file was full."""
    current: list[ShotFile] = []
    for group in groups:
        if current and len(group) == 1 and _goes_on(current[-1], group[0]):
            current.extend(group)
            continue
        if current:
            yield current
        current = list(group)
    if current:
        yield current


def _goes_on(before: ShotFile, after: ShotFile) -> bool:
    if before.kind != after.kind or before.kind not in ("video", "audio"):
        return False
    if before.size < FULL_BYTES:
        return False
    if before.name.rpartition(".")[2].casefold() != after.name.rpartition(".")[2].casefold():
        return False
    one, two = _NUMBER.fullmatch(_last_number(before)), _NUMBER.fullmatch(_last_number(after))
    if (
        one is None
        or two is None
        or (before.folder, one[1], one[3]) != (after.folder, two[1], two[3])
    ):
        return False
    # The camera's time may mark a recording's start or end, so the step to the next file is the
    # length of one of the two.
    step = after.taken - before.taken
    lengths = [timedelta(seconds=f.seconds) for f in (before, after) if f.seconds is not None]
    return int(two[2]) == int(one[2]) + 1 and any(abs(step - length) <= SEAM for length in lengths)


def _last_number(file: ShotFile) -> str:
    """The last number of the name, after removing times of 8 to 14 digits
    (DJI_20261224101112_0001_D), which differ between chapters."""
    return re.sub(r"\d{8,14}", "", file.stem)


def _by_name(group: list[ShotFile]) -> tuple[str, str]:
    return group[0].folder, _last_number(group[0]) or group[0].stem


def _shown_first(file: ShotFile) -> tuple[int, str]:
    """Sort key: an edited picture and a cover come before their sources."""
    edited = _EDITED.fullmatch(file.stem) is not None or "cover" in file.stem
    return (0 if edited else 1), file.name


def _chapter(file: ShotFile) -> tuple[int, str]:
    return _chapter_of(file) or 0, file.name


def _chapter_of(film: ShotFile) -> int | None:
    """The number of a film among those of its recording, if its name gives it."""
    if ex := _EX.fullmatch(film.name):
        return int(ex[3])
    if lens := _LENS.fullmatch(film.stem):
        return int(lens[2])
    found = gopro_chapter(film.stem)
    return found[1] if found else None


def _is_live(film: ShotFile, photo: ShotFile) -> bool:
    """Whether a film is the moving part of a photo: short and taken at the same time, whatever time
    zone either states."""
    if film.seconds is None or film.seconds > LIVE_SECONDS:
        return False
    apart = abs(film.taken - photo.taken)
    aside = (apart + MINUTE) % (15 * MINUTE) <= 2 * MINUTE
    return not (film.stated and photo.stated) or (apart <= MOST_ZONES and aside)


def _same_time(one: ShotFile, two: ShotFile) -> bool:
    return one.stated and two.stated and abs(one.taken - two.taken) <= SAME_SHOT


def _is_edit(one: ShotFile, two: ShotFile) -> bool:
    """Whether the first is the second as an iPhone's owner edited it: by its name, as editing may lose the time."""
    edited = _EDITED.fullmatch(one.stem)
    return edited is not None and edited[1] + edited[2] == two.stem


def _of(files: Sequence[ShotFile], kind: str) -> list[ShotFile]:
    return sorted((f for f in files if f.kind == kind), key=lambda f: f.name)
