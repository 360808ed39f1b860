"""The other names of states, and where two states answer to the same name."""

from dataclasses import dataclass

from guarantees.models import State, StateAlias
from guarantees.text import fold


@dataclass(frozen=True, slots=True)
class AliasRow:
    """An alias of a state, and the other states that answer to the same name."""

    alias: StateAlias
    collides: list[State]


def aliases(state: State) -> list[AliasRow]:
    """Return the aliases of a state with what each collides with: another state's alias, name or code; two queries."""
    named: dict[str, list[State]] = {}
    for other in State.objects.exclude(pk=state.pk).order_by("code"):
        for name in {fold(other.name), fold(other.code)}:
            named.setdefault(name, []).append(other)
    own = []
    for alias in StateAlias.objects.select_related("state").order_by("alias", "pk"):
        if alias.state_id == state.pk:
            own.append(alias)
        else:
            named.setdefault(alias.search_text, []).append(alias.state)
    return [AliasRow(alias, list(dict.fromkeys(named.get(alias.search_text, [])))) for alias in own]
