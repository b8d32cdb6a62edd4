"""How the pictures of a data set are called: digits, dogs, photos or images."""

from dataclasses import dataclass

from aemodels.data.mnist import FAMILY
from aemodels.data.sources import DOGS, DataConfig


@dataclass(frozen=True)
class Words:
    """one     a picture as it is: "digit", "photo", "image"
    what    what a picture shows, for sentences on whether it still shows that: "dog"; else as `one`
    class_  what its label tells: "digit", "breed", "class"
    """

    one: str
    what: str
    class_: str

    @property
    def many(self) -> str:
        return f"{self.one}s"


def of(data: DataConfig) -> Words:
    """The words for this data set."""
    if data.source == "mnist":
        return Words("digit", "digit", "digit")
    if data.source in FAMILY:
        return Words("image", "image", "class")
    if data.source == DOGS:
        return Words("photo", "dog", "breed")
    return Words("photo", "photo", "class")


def plural(number: int, one: str) -> str:
    """ "1 photo", "1,886 photos"."""
    return f"{number:,} {one}{'s' * (number != 1)}"
