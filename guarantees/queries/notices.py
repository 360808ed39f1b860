"""What people at the desk were told: their list, and the feed behind a key."""

from django.contrib.auth.models import User
from django.db.models import QuerySet

from guarantees.models import FeedKey, Notice

FEED = 50
"""How many of the latest notices a feed holds."""


def notices_of(person: User) -> QuerySet[Notice]:
    """Return what a person was told, the latest first, each with its changeset and who did it."""
    return Notice.objects.filter(to=person).select_related("changeset", "by")


def feed_of(person: User) -> list[Notice]:
    """Return the latest of what a person was told."""
    return list(notices_of(person)[:FEED])


def reader_of(key: str) -> User | None:
    """Return whose feed a key opens; None for a key that opens none."""
    found = FeedKey.objects.filter(key=key).select_related("user").first()
    return found.user if found is not None else None
