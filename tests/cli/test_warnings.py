"""Warnings of commands, as a terminal shows them."""

import warnings

import pytest

from spacy_al.cli.common import command


@pytest.mark.parametrize(
    ("text", "shown"),
    [("[W440] For you", "[W440] For you\n"), ("of a library", "a.py:3: UserWarning: of a library\n")],
)
def test_a_warning_for_users_is_its_text_alone_and_any_other_names_its_place(text, shown, capsys):
    warned = (UserWarning(text), UserWarning, "a.py", 3)
    usual = warnings.formatwarning(*warned)
    command(lambda: print(warnings.formatwarning(*warned), end=""))()
    assert capsys.readouterr().out == shown
    assert warnings.formatwarning(*warned) == usual != text
