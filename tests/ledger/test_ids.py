"""Identifiers: what is derived from a key is in stores already and stays as it is; fresh ones rise."""

from __future__ import annotations

from ambra_tui.kit.ids import ALPHABET, derived_id, new_ulid


def test_the_id_that_belongs_to_a_key_never_changes() -> None:
    assert derived_id("mov", "7", "count-12") == "mov_DVKK2J3B7VGZY8PFGRP8C7YEZ0"


def test_fresh_ids_rise_and_keep_their_shape() -> None:
    made = [new_ulid() for _ in range(1000)]
    assert made == sorted(set(made))
    assert {len(text) for text in made} == {26} and set("".join(made)) <= set(ALPHABET)
