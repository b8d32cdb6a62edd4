"""What a saved report holds, added to the report that is there, and what there is to say of it."""

from collections.abc import Mapping

from aemodels.language import _
from aemodels.report.assembling import WORDS
from aemodels.report.notebook import Entry, FullError, Notebook
from aemodels.report.replay import MAX_LETTERS, Replay


def changes(entry: Entry, digests: Mapping[str, str]) -> list[str]:
    """What differs from when the panel was made, a sentence a model.

    digests  name -> digest of the checkpoints that are here now
    """
    title, sentences = entry.panel.title, []
    for name, digest in entry.models.items():
        if name not in digests:
            said = _("“{title}”: the model {model} is not here, so the panel is shown as it was saved.")
        elif digests[name] != digest:
            said = _("“{title}”: the model {model} is not the one of then, so its page may show another picture now.")
        else:
            continue
        sentences.append(said.format(title=title, model=name))
    return sentences


def merge(book: Notebook, held: Replay, digests: Mapping[str, str]) -> list[str]:
    """Adds what a file holds to a notebook, from which nothing is taken; returns what there is to say of it, a sentence each.

    digests  as in `changes`
    """
    said, texts = list(held.said), book.texts()
    for entry in held.entries:
        try:
            book.add(entry)
        except FullError as error:
            said.append(str(error))
            break
        said += changes(entry, digests)
    for key, text in held.texts.items():
        own = texts.get(key, "")
        if not own:
            book.write(key, text)
        elif key.startswith(WORDS) and text not in own:
            both = f"{own}\n\n{text}"
            if len(both) <= MAX_LETTERS:
                book.write(key, both)
                sentence = _(
                    "You have written something at {item} already; what the file says there now stands below it."
                )
            else:
                sentence = _(
                    "What the file says at {item} is left out: with what you have written there it is too long."
                )
            said.append(sentence.format(item=key.removeprefix(WORDS)))
    return said
