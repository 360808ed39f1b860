"""Telling people at the desk: a row for their list and feed in the same transaction, an e-mail after its commit.

The deeds of :mod:`guarantees.editing.changesets` call this; the only deed here is a new address for a feed.
"""

from collections.abc import Iterable
from urllib.parse import urljoin

from django.conf import settings
from django.contrib.auth.models import User
from django.core.mail import EmailMessage
from django.db import transaction
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils import translation

from guarantees import clock
from guarantees.editing.rows import REVIEW, WRITE, allow, deed
from guarantees.models import Changeset, FeedKey, Notice
from guarantees.models.notices import new_key
from guarantees.vocabulary import NoticeKind

MODEL_BACKEND = "django.contrib.auth.backends.ModelBackend"


def tell_reviewers(changeset: Changeset, *, by: User) -> None:
    """Tell everybody who may approve a changeset, and did not write in it, that it waits."""
    reviewers = User.objects.with_perm(REVIEW, backend=MODEL_BACKEND)
    authors = changeset.authors.values_list("pk", flat=True)
    _tell(changeset, NoticeKind.SUBMITTED, reviewers.exclude(pk__in=[*authors, by.pk]), by=by)


def tell_authors(
    changeset: Changeset, kind: NoticeKind, *, by: User, text: str = "", reviewer_too: bool = False
) -> None:
    """Tell the authors of a changeset, and its reviewer where asked, what somebody else did with it."""
    people = set(changeset.authors.filter(is_active=True))
    if reviewer_too and changeset.reviewer is not None and changeset.reviewer.is_active:
        people.add(changeset.reviewer)
    _tell(changeset, kind, sorted(people - {by}, key=lambda person: person.pk), by=by, text=text)


def _tell(changeset: Changeset, kind: NoticeKind, people: Iterable[User], *, by: User, text: str = "") -> None:
    now = clock.now()
    notices = [Notice(to=person, changeset=changeset, kind=kind, by=by, text=text, created_at=now) for person in people]
    Notice.objects.bulk_create(notices)
    for notice in notices:
        if notice.to.email:
            _send_after_commit(notice)


def _send_after_commit(notice: Notice) -> None:
    def send() -> None:
        _send(notice)

    # Robust: a mail server that fails is written to the log, and undoes nothing. The log asks for a function's name,
    # which a partial has not.
    transaction.on_commit(send, robust=True)


def _send(notice: Notice) -> None:
    """Send a notice by e-mail, in the site's own language: which one a person reads is not known."""
    with translation.override(settings.LANGUAGE_CODE):
        page = "desk-review" if notice.kind == NoticeKind.SUBMITTED else "desk-sheet"
        context = {
            "notice": notice,
            "changeset": notice.changeset,
            "link": urljoin(settings.SITE_URL, reverse(page, args=[notice.changeset_id])),
            "notices": urljoin(settings.SITE_URL, reverse("desk-notices")),
        }
        subject = " ".join(render_to_string("desk/mail/notice_subject.txt", context).split())
        body = render_to_string("desk/mail/notice_body.txt", context)
    EmailMessage(subject, body, to=[notice.to.email]).send()


@deed
def feed_key(*, by: User) -> FeedKey:
    """Return the key of a person's private feed; the first time, make one."""
    allow(by, WRITE)
    key, _created = FeedKey.objects.get_or_create(user=by, defaults={"created_at": clock.now()})
    return key


@deed
def renew_feed_key(*, by: User) -> FeedKey:
    """Give a person's private feed another address; the old one leads nowhere from then on."""
    allow(by, WRITE)
    key, _created = FeedKey.objects.update_or_create(user=by, defaults={"key": new_key(), "created_at": clock.now()})
    return key
