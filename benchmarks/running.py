"""How a benchmark ends: of what is wrong, and of Ctrl-C, one sentence."""

import sys
from collections.abc import Callable

from aemodels import stopping
from aemodels.errors import LatentLabError


def run(main: Callable[[], object]) -> None:
    try:
        main()
    except LatentLabError as error:
        sys.exit(str(error))
    except KeyboardInterrupt:
        print("\nStopped; what is in its file by now stays.", file=sys.stderr)
        sys.exit(stopping.STATUS)
