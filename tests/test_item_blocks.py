"""What several of the report's items have: how many models stand beside one another."""

import pytest

from aemodels.report.item_blocks import side_by_side


@pytest.mark.parametrize(
    ("num_models", "sizes"), [(0, []), (1, [1]), (6, [6]), (7, [3, 4]), (12, [6, 6]), (13, [4, 4, 5]), (14, [4, 5, 5])]
)
def test_models_stand_in_rows_as_even_as_can_be(num_models, sizes):
    rows = side_by_side(range(num_models))
    assert [*map(len, rows)] == sizes
    assert [model for row in rows for model in row] == [*range(num_models)]
