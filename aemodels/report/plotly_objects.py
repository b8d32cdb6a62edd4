"""plotly.graph_objects, imported once pandas is: plotly looks at whatever of pandas is in sys.modules, and while another thread is importing
it that is half of it."""

import pandas  # noqa: F401
import plotly.graph_objects as go

__all__ = ["go"]
