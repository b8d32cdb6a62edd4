"""How the pictures of a data set are called, in the language that is spoken: digits, dogs, photos or images."""

from dataclasses import dataclass

from aemodels.data.config import DOGS, DataConfig
from aemodels.data.mnist import FAMILY
from aemodels.language import _, ngettext, number, pgettext


@dataclass(frozen=True)
class Words:
    """kind       "digit", "image", "dog" or "photo", in every language
    one        a picture as it is: "digit", "photo", "image"
    many       several: "digits"
    what       what a picture shows, for sentences on whether it still shows that: "dog"; else as `one`
    what_many  several: "dogs"
    class_     what its label tells: "digit", "breed", "class"
    """

    kind: str
    one: str
    many: str
    what: str
    what_many: str
    class_: str

    def count(self, n: int) -> str:
        """So many of the pictures: "1 photo", "1,886 photos"."""
        if self.kind == "digit":
            message = ngettext("{number} digit", "{number} digits", n)
        elif self.kind == "image":
            message = ngettext("{number} image", "{number} images", n)
        else:
            message = ngettext("{number} photo", "{number} photos", n)
        return message.format(number=number(n))


def of(data: DataConfig) -> Words:
    """The words for this data set."""
    if data.source == "mnist":
        one, many = pgettext("a picture of one", "digit"), pgettext("pictures of them", "digits")
        return Words("digit", one, many, _("digit"), _("digits"), _("digit"))
    if data.source in FAMILY:
        return Words("image", _("image"), _("images"), _("image"), _("images"), _("class"))
    if data.source == DOGS:
        return Words("dog", _("photo"), _("photos"), _("dog"), _("dogs"), _("breed"))
    return Words("photo", _("photo"), _("photos"), _("photo"), _("photos"), _("class"))
