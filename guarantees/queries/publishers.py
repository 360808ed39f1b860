"""Publishers: those that sources name, how many sources each has, and how they are rated."""

from dataclasses import dataclass

from django.db.models import Count

from guarantees.models import Publisher, Source
from guarantees.text import fold


@dataclass(frozen=True, slots=True)
class PublisherRow:
    """A publisher that sources name; ``rating`` is None until somebody has judged it."""

    name: str
    sources: int
    rating: Publisher | None


def publishers() -> list[PublisherRow]:
    """Return every publisher that a source names: unrated ones first, those with most sources first; two queries."""
    numbers = Source.objects.order_by().values_list("publisher").annotate(number=Count("pk"))
    ratings = {rating.name: rating for rating in Publisher.objects.all()}
    rows = [PublisherRow(name, number, ratings.get(name)) for name, number in numbers]
    return sorted(rows, key=lambda row: (row.rating is not None, -row.sources, fold(row.name), row.name))


def publisher(name: str) -> PublisherRow | None:
    """Return one publisher by its exact name, or None if no source names it; two queries."""
    number = Source.objects.filter(publisher=name).count()
    return PublisherRow(name, number, rating(name)) if number else None


def rating(name: str) -> Publisher | None:
    """Return how a publisher is rated, or None if it is not."""
    return Publisher.objects.filter(name=name).first()
