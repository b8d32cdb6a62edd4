"""What train.py says where it ends with an error."""

import re

import train


def sentences(error):
    """The lines on stderr beside progress bars."""
    return [line for line in re.split(r"[\r\n]", error) if line.strip() and not re.search(r"\[\d\d:\d\d[<,]", line)]


def sentence(error):
    """The one line on stderr beside progress bars; the test fails where there are more, or a traceback."""
    lines = sentences(error)
    assert len(lines) == 1, error
    return lines[0]


def fails(capsys, *arguments):
    """Runs train.py in this process; returns the sentence it ends with."""
    capsys.readouterr()
    assert train.main([str(a) for a in arguments]) == 1
    return sentence(capsys.readouterr().err)
