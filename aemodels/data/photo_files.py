"""Which files of a folder tree are photos, and what is left out, each with its reason."""

import os
import posixpath
import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from aemodels.data.packed import Pack
from aemodels.data.pictures import PHOTO_SUFFIXES, begins_like_a_picture
from aemodels.errors import DataError
from aemodels.files import is_file, is_folder
from aemodels.language import N_, _, ngettext, number, pgettext
from aemodels.text import one_line, shown

_OTHER_KINDS = {
    N_(
        "is a camera's raw file: export it as JPEG"
    ): ".cr2 .cr3 .crw .nef .nrw .arw .sr2 .srf .dng .orf .rw2 .raf .pef .srw .raw .x3f",
    N_("is a file of an image editor: export it as JPEG"): ".psd .psb .xcf .kra .afphoto .ora .clip .pdn .sketch",
    N_("is a drawing or a document, not a photo"): ".svg .svgz .eps .ps .ai .pdf .wmf .emf",
    N_("is a video"): ".mp4 .mov .avi .mkv .webm .m4v .mpg .mpeg .wmv .3gp .mts",
    N_("is an archive: unpack it"): ".zip .rar .7z .tar .tgz",
    N_("is a shortcut: put the pictures themselves here"): ".lnk",
    N_("is of a kind that cannot be read: save it as JPEG or PNG"): (
        ".jxl .jxr .wdp .pam .hdp .hdr .exr .pfm .tga .pcx .ico .icns .sgi .rgb .ras .xbm .xpm .dds .fits .fit .dcm .bpg .flif .qoi"
    ),
}
_REASONS = {suffix: reason for reason, suffixes in _OTHER_KINDS.items() for suffix in suffixes.split()}
# Where systems keep thumbnails, what was deleted, and what a Mac adds to an archive.
_SYSTEM_FOLDERS = {
    "__macosx", "@eadir", "#recycle", "@recycle", "$recycle.bin", "recycler", "system volume information", "lost.dir", "lost+found"
}  # fmt: skip
# A Mac's photo library is a folder; beside the photos it holds smaller copies of them.
_LIBRARIES, _IN_LIBRARIES = {".photoslibrary", ".photolibrary", ".aplibrary"}, {"originals", "masters"}
_HIDDEN = N_("is hidden or a system's own")
_IN_CLOUD = N_("is still in iCloud: download it in the Finder")
_UNNAMED = N_("is a picture, but its name does not say so: let it end in .jpg, .png or whatever it is")

_AFFIX = re.compile(
    r"^(thumb|thumbnail|tn|mask)[-_]|[-_.](mask|seg|segmentation|trimap|matte|gt|thumb|thumbnail|\d+x\d+)$", re.I
)
_MASK_FOLDER = re.compile(
    r"(^|[-_])(masks?|segmentations?|segmentation(class|object)|trimaps?|annotations?|ground_?truth|gt)$", re.I
)
_THUMBNAIL_FOLDER = re.compile(r"(^|[-_])thumb(nail)?s?$", re.I)


@dataclass(frozen=True)
class PhotoFiles:
    """Paths relative to `folder`, with / between their parts, sorted: the photos', and what was left out with its reason.

    pack  where `folder` is a file of packed photos
    """

    folder: Path
    photos: list[str]
    left_out: list[tuple[str, str]]
    pack: Pack | None = None


@dataclass
class _Walk:
    root: str
    unwanted: Mapping[str, str]
    photos: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    walked: set[str] = field(default_factory=set)  # the real paths of folders whose photos are listed

    def walk(self, start: str, reason: str | None = None) -> None:
        """Lists what lies in the folder `start`, links aside; all of it is left out if there is a reason."""
        pending = [(start, reason)]
        while pending:
            inside, reason = pending.pop()
            folder = os.path.join(self.root, inside)
            if reason is None:
                real = os.path.realpath(folder)
                if real in self.walked:
                    continue
                self.walked.add(real)
            try:
                entries = list(os.scandir(folder))
            except OSError as error:
                self.left_out.append((inside, _("cannot be opened ({reason})").format(reason=error.strerror)))
                continue
            is_library = os.path.splitext(os.path.abspath(folder))[1].lower() in _LIBRARIES
            for entry in entries:
                path = f"{inside}/{entry.name}" if inside else entry.name
                why = reason or self.unwanted.get(path.casefold())
                name = entry.name.casefold()
                if name.startswith(".") or name in _SYSTEM_FOLDERS or (is_library and name not in _IN_LIBRARIES):
                    why = why or _HIDDEN
                if entry.is_dir(follow_symlinks=False):
                    pending.append((path, why))
                else:
                    self._add(path, entry, why)

    def _add(self, path: str, entry: os.DirEntry, why: str | None) -> None:
        stem, suffix = os.path.splitext(entry.name.lower())
        if suffix == ".icloud":  # .a.heic.icloud is there for a.heic
            suffix, why = os.path.splitext(stem)[1], _IN_CLOUD
        if why:
            if suffix in PHOTO_SUFFIXES:
                self.left_out.append((path, why))
        elif entry.is_symlink():
            self.links.append(path)
        elif suffix in _REASONS:
            self.left_out.append((path, _REASONS[suffix]))
        elif not entry.is_file():  # a device, say, from which nothing may ever come
            return
        elif suffix in PHOTO_SUFFIXES:
            self.photos.append(path)
        elif _may_be_a_photo(entry.name) and begins_like_a_picture(entry.path):
            self.left_out.append((path, _UNNAMED))

    def follow_links(self) -> None:
        """Links to folders are walked and links to files are taken, but no folder and no file twice."""
        here, seen = os.path.realpath(self.root), set()
        while self.links:
            # Folders first: a photo that one of them brings is then known when a link to it alone comes up.
            found = sorted(self.links, key=lambda link: (not os.path.isdir(os.path.join(self.root, link)), link))
            self.links = []
            if os.path.isdir(os.path.join(self.root, found[0])):
                found, self.links = found[:1], found[1:]
            for link in found:
                real = os.path.realpath(os.path.join(self.root, link))
                suffix = os.path.splitext(link)[1].lower()
                if os.path.isdir(real):
                    if real in self.walked or os.path.join(here, "").startswith(os.path.join(real, "")):
                        self.left_out.append((link, N_("is a link to a folder that is here already")))
                    else:
                        self.walk(link)
                elif suffix not in PHOTO_SUFFIXES:
                    if suffix in _REASONS:
                        self.left_out.append((link, _REASONS[suffix]))
                elif not os.path.isfile(real):
                    self.left_out.append((link, N_("is a link to nothing")))
                elif real in seen or self._is_listed(real):
                    self.left_out.append((link, N_("is a link to a photo that is here already")))
                else:
                    seen.add(real)
                    self.photos.append(link)

    def _is_listed(self, real: str) -> bool:
        parent, name = os.path.split(real)
        is_photo = os.path.splitext(name)[1].lower() in PHOTO_SUFFIXES and not name.startswith(".")
        return is_photo and parent in self.walked


def _may_be_a_photo(name: str) -> bool:
    """Whether a file that is called so is worth a look into it: 0001, cat.jpg_large, cat.jpg~, cat.jpg.1."""
    stem, suffix = os.path.splitext(name.lower())
    endings = tuple(PHOTO_SUFFIXES)
    return not suffix or suffix.startswith(endings) or stem.endswith(endings)


def list_photos(folder: str | Path, unwanted: Mapping[str, str] | None = None) -> PhotoFiles:
    """The photos in the tree under `folder`, by their names' endings; links are followed, none is listed twice.

    Left out, with a reason each, in English, that `describe` translates: hidden ones and a system's own, masks and thumbnails of photos that are there too, links that
    lead in a circle, pictures of kinds that cannot be read or whose names have no ending of pictures, and what lies in a folder of `unwanted`, which tells the reason by
    the folder's path in lower case. Files that are no pictures are not mentioned. Raises DataError where there is no such folder.
    """
    if not isinstance(folder, (str, os.PathLike)):
        raise ValueError(f"folder is {shown(folder)}, but must be a path.")
    folder = os.path.expanduser(folder)
    if is_file(folder):
        raise DataError(
            _("{folder} is a file; give the folder of the pictures, and unpack an archive first.").format(
                folder=one_line(folder)
            )
        )
    if not is_folder(folder):  # nor is there one without a name, which Path would take for the one that we are in
        raise DataError(
            _(
                "There is no folder {folder}; give the folder of the photos, to train.py and the app by --data or LATENT_LAB_DATA."
            ).format(folder=one_line(folder) or "''")
        )
    folder = Path(folder)
    walk = _Walk(os.fspath(folder), unwanted or {})
    walk.walk("")
    walk.follow_links()
    companions = _companions(walk.photos)
    masks = [(path, N_("is a mask or a thumbnail of a photo that is here too")) for path in companions]
    left_out = walk.left_out + masks
    return PhotoFiles(folder, sorted(set(walk.photos) - companions), sorted(left_out))


def _companions(photos: list[str]) -> set[str]:
    """Masks and thumbnails among the photos: by name or folder, and only where the photo that they belong to is there."""
    belong, others = [], defaultdict(set)
    kinds: dict[str, tuple[bool, bool]] = {}  # of each folder: whether masks lie in it, whether thumbnails
    for photo in photos:
        parent, name = posixpath.split(photo)
        stem, suffix = posixpath.splitext(name)
        bare, suffix = _AFFIX.sub("", stem), suffix.lower()
        if parent not in kinds:
            parts = parent.split("/")
            kinds[parent] = any(map(_MASK_FOLDER.search, parts)), any(map(_THUMBNAIL_FOLDER.search, parts))
        in_masks, in_thumbnails = kinds[parent]
        if in_masks or in_thumbnails or bare != stem:
            belong.append((photo, parent, stem, suffix, bare))
        if not (in_masks or in_thumbnails):
            others[stem].add((parent, suffix))
    found = set()
    for photo, parent, stem, suffix, bare in belong:
        places, (in_masks, in_thumbnails) = others[bare], kinds[parent]
        beside = bare != stem and any(other == parent for other, _suffix in places)
        # Classes may be called "mask" too: their photos have names and suffixes of one kind.
        of_another = in_masks and any(other != suffix for _parent, other in places)
        if beside or of_another or (in_thumbnails and places):
            found.add(photo)
    return found


def describe(left_out: list[tuple[str | Path, str]]) -> str:
    """What was left out, in a line: how many for each reason, and the first of them; "" for nothing."""
    groups = defaultdict(list)
    for path, reason in left_out:
        groups[reason].append(one_line(path))
    parts = []
    for reason, paths in groups.items():
        message = _("{path} {reason}") if len(paths) == 1 else _("{path} {reason} ({number} such)")
        parts.append(message.format(path=paths[0], reason=_(reason), number=number(len(paths))))
    if len(parts) > 5:
        rest = len(parts) - 5
        parts[5:] = [ngettext("and {number} other reason", "and {number} other reasons", rest).format(number=rest)]
    return pgettext("between reasons", "; ").join(parts)
