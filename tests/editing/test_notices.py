"""Who is told what, by notice and by e-mail."""

from typing import Any

import pytest
import time_machine
from django.contrib.auth.models import User

from guarantees.editing import changesets
from guarantees.editing.changesets import digest
from guarantees.editing.errors import Forbidden
from guarantees.editing.notices import feed_key, renew_feed_key
from guarantees.models import Changeset, FeedKey, Notice
from tests.factories import UpdateFactory, UserFactory, editor, moment, reviewer

pytestmark = pytest.mark.django_db

NOW = moment("2026-03-12T18:00:00")


@pytest.fixture(autouse=True)
def frozen() -> Any:
    with time_machine.travel(NOW, tick=False) as traveller:
        yield traveller


@pytest.fixture
def anna() -> User:
    return editor(username="anna", email="anna@example.org")


@pytest.fixture
def rita() -> User:
    return reviewer(username="rita", email="rita@example.org")


def drafted(by: User) -> Changeset:
    changeset = UpdateFactory(changeset__title="Oslo & more").changeset
    changeset.authors.add(by)
    return changeset


def told() -> list[tuple[str, str, str, str]]:
    rows = Notice.objects.order_by("pk").select_related("to", "by")
    return [(row.to.username, row.kind, row.by.username, row.text) for row in rows]


def test_what_is_handed_in_is_told_to_every_active_reviewer_who_did_not_write_in_it(anna: User, rita: User):
    changeset = drafted(anna)
    author = reviewer(username="author")
    changeset.authors.add(author)
    reviewer(username="gone", is_active=False)
    editor(username="other")
    changesets.submit(by=anna, changeset=changeset)
    assert told() == [("rita", "submitted", "anna", "")]


def test_decisions_are_told_to_the_authors_and_not_to_who_decided(anna: User, rita: User):
    changeset = drafted(anna)
    changesets.submit(by=anna, changeset=changeset)
    changesets.request_changes(by=rita, changeset=changeset, comment="A source, please.")
    changesets.comment(by=anna, changeset=changeset, text="Which one?")
    changesets.submit(by=anna, changeset=changeset)
    changesets.approve(
        by=rita, changeset=changeset, seen=digest(changeset), goes_public_at=moment("2026-03-13T09:00:00")
    )
    changesets.move(by=rita, changeset=changeset, goes_public_at=moment("2026-03-14T09:00:00"))
    changesets.call_back(by=anna, changeset=changeset)
    assert told() == [
        ("rita", "submitted", "anna", ""),
        ("anna", "changes_requested", "rita", "A source, please."),
        ("rita", "commented", "anna", "Which one?"),
        ("rita", "submitted", "anna", ""),
        ("anna", "approved", "rita", "Goes public 13 March 2026, 09:00 UTC."),
        ("anna", "approved", "rita", "Goes public 14 March 2026, 09:00 UTC."),
        ("rita", "called_back", "anna", ""),
    ]


def test_a_comment_that_is_sent_twice_is_told_once(anna: User, rita: User):
    changeset = drafted(anna)
    for _time in range(2):
        changesets.comment(by=rita, changeset=changeset, text="Well done.")
    assert told() == [("anna", "commented", "rita", "Well done.")]


def test_an_e_mail_says_what_waits_and_where(
    anna: User, rita: User, mailoutbox: Any, django_capture_on_commit_callbacks: Any, settings: Any
):
    settings.SITE_URL = "https://ledger.example.org"
    changeset = drafted(anna)
    with django_capture_on_commit_callbacks(execute=True):
        changesets.submit(by=anna, changeset=changeset)
        assert mailoutbox == []  # nothing is said before it is so
    (mail,) = mailoutbox
    assert (mail.to, mail.subject) == (["rita@example.org"], "Waiting for review: Oslo & more")
    assert mail.body.split("\n\n") == [
        "anna handed in “Oslo & more”. It waits for a reviewer.",
        f"https://ledger.example.org/desk/changesets/{changeset.pk}/review/",
        "All that was told to you: https://ledger.example.org/desk/notices/\n",
    ]


def test_a_decision_comes_with_the_words_of_who_decided(
    anna: User, rita: User, mailoutbox: Any, django_capture_on_commit_callbacks: Any
):
    changeset = drafted(anna)
    Changeset.objects.filter(pk=changeset.pk).update(state="submitted", title="Line\nbreak")
    with django_capture_on_commit_callbacks(execute=True):
        changesets.request_changes(by=rita, changeset=changeset, comment="A <source> is missing.")
    (mail,) = mailoutbox
    assert mail.subject == "Changes requested: Line break"
    assert "A <source> is missing." in mail.body
    assert f"/desk/changesets/{changeset.pk}/\n" in mail.body


def test_a_mail_server_that_fails_is_logged_and_undoes_nothing(
    anna: User, rita: User, settings: Any, django_capture_on_commit_callbacks: Any, caplog: pytest.LogCaptureFixture
):
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    changeset = drafted(anna)
    with django_capture_on_commit_callbacks(execute=True):
        changesets.submit(by=anna, changeset=changeset)
    changeset.refresh_from_db()
    assert (changeset.state, told()) == ("submitted", [("rita", "submitted", "anna", "")])
    assert "Error calling" in caplog.text


def test_a_feed_has_one_address_until_it_gets_another(anna: User):
    key = feed_key(by=anna)
    assert feed_key(by=anna) == key
    assert renew_feed_key(by=anna).key != key.key
    assert FeedKey.objects.count() == 1
    with pytest.raises(Forbidden):
        feed_key(by=UserFactory())
