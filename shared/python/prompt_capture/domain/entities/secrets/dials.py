"""Combinations of dials: "right 7, left 2, right 5"."""

from collections.abc import Iterator

from prompt_capture.domain.entities.searched import (
    NOT_BEFORE_WORD,
    NamePattern,
    Searched,
    names,
)
from prompt_capture.domain.patterns import any_of
from prompt_capture.domain.searchable_text import Span

_DIRECTIONS = names(
    """right left clockwise anticlockwise counterclockwise rechts links droite gauche derecha
    izquierda destra sinistra direita esquerda rechtsom linksom prawo lewo sağa sola vpravo vlevo
    höger vänster højre venstre høyre вправо влево направо налево 右 左 오른쪽 왼쪽""",
)
_LEADS = any_of(names("to a à auf bis vers al hasta su at para na tot naar до do に 到 转到 転 로"))
_AGAIN = any_of(
    names("then and dann und puis et luego y poi e en dan depois potem sonra затем потом 再 그다음")
)
_TURNS = r"(?:[0-9]\ ?(?:x|times|turns|mal|fois|veces|volte|keer|razy|圈|바퀴)\ )?"
_ITEM = (
    rf"{any_of(_DIRECTIONS)}(?:\ ?{_LEADS}|[^\x00-\x7f]{{1,5}}?)?\ ?[:-]?\ ?[0-9]{{1,3}}(?![0-9])"
)
_JOINT = rf"(?:[ ,;>.-]{{1,3}}|\ ->\ )(?:{_AGAIN}\ )?(?:turn\ |back\ |go\ )?{_TURNS}"
_COMBINATION = NamePattern(_DIRECTIONS, rf"{_ITEM}(?:{_JOINT}{_ITEM}){{2,5}}{NOT_BEFORE_WORD}")


def find_dial_combinations(searched: Searched) -> Iterator[Span]:
    """Find three or more turns of a dial, each with a direction and a number."""
    end = 0
    for match in _COMBINATION.finditer(searched):
        if match.start() >= end:
            end = match.end()
            yield match.span()
