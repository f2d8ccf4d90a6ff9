"""Colours can be read in both modes, and a specification holds data as they are."""

from itertools import product

import pytest

from growthring.charts import CONFIG, TOKENS, painted, stylesheet

TEXT = ("ink", "muted", "accent", "up", "down", "warn")
GROUNDS = ("paper", "page", "faint")


def luminance(colour: str) -> float:
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize(("mode", "text", "ground"), list(product(TOKENS, TEXT, GROUNDS)))
def test_text_stands_out_from_every_ground(mode, text: str, ground: str):
    assert contrast(TOKENS[mode][text], TOKENS[mode][ground]) >= 4.5


@pytest.mark.parametrize("mode", TOKENS)
def test_lines_of_a_chart_stand_out_from_its_ground(mode):
    for number in range(1, 9):
        assert contrast(TOKENS[mode][f"series-{number}"], TOKENS[mode]["paper"]) >= 3


def test_both_modes_have_the_same_tokens_and_the_stylesheet_names_each():
    assert TOKENS["light"].keys() == TOKENS["dark"].keys()
    assert all(f"--{name}:" in stylesheet() for name in TOKENS["light"])


def test_every_colour_of_the_configuration_is_painted_and_data_are_left_alone():
    assert "token:" not in str(painted(dict(CONFIG), "dark"))
    assert painted({"data": {"values": [{"name": "token:up"}]}})["data"]["values"] == [{"name": "token:up"}]
