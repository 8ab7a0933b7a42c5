"""What a typed text looks for."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from familydoc.rules.identity import upgrade_15
from familydoc.rules.search import Query, read_query


@pytest.mark.parametrize(
    ("typed", "kind", "text"),
    [
        ("", "nothing", ""),
        (" \u3000\u200b", "nothing", ""),
        (None, "nothing", ""),
        (7, "nothing", ""),
        ("张 建国", "name", "张建国"),
        ("ＺＪ", "name", "zj"),
        ("阿布都·热依木", "name", "阿布都热依木"),
        ("%", "name", "%"),
        ("11010519491231002x", "identity", "11010519491231002X"),
        ("１１０１０５１９４９１２３１００２Ｘ", "identity", "11010519491231002X"),
        ("150124500101001", "identity", upgrade_15("150124500101001")),
        ("002x", "last4", "002X"),
        ("1234", "last4", "1234"),
        ("138-0013-8000", "telephone", "13800138000"),
        ("+86 13800138000", "telephone", "13800138000"),
        ("(0471)7912345", "telephone", "0471-7912345"),
        ("12345", "digits", "12345"),
        ("1", "digits", "1"),
    ],
)
def test_read_query_knows_names_from_numbers(typed, kind, text):
    assert read_query(typed) == Query(kind, text)


@given(st.text(max_size=80))
def test_read_query_takes_any_text_and_keeps_digits_out_of_names(text):
    query = read_query(text)
    assert query.kind in ("nothing", "name", "identity", "telephone", "last4", "digits")
    assert "\x00" not in query.text and len(query.text) <= 80
    assert query.secret == (query.kind not in ("nothing", "name"))
    query.text.encode()
