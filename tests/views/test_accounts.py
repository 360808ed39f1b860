"""Accounts: signing in and out, throttled; second factors; invitations; roles; what was typed while signed out."""

import re
from typing import Any

import pytest
import time_machine
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import (
    TOTP,
    format_hotp_value,
    generate_totp_secret,
    hotp_value,
    yield_hotp_counters_from_time,
)
from allauth.usersessions.models import UserSession
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.sessions.models import Session
from django.core import mail
from django.test import Client, override_settings

from guarantees.models import Invitation, PledgeUpdate
from tests.desk import HTMX, Person, errors
from tests.factories import UpdateFactory, UserFactory, administrator, editor, reviewer
from tests.pages import page
from tests.strict_client import StrictClient

pytestmark = pytest.mark.django_db

PASSWORD = "four words for tests"


def someone(make: Any = editor, name: str = "anna", **fields: Any) -> User:
    user = make(username=name, email=f"{name}@example.org", **fields)
    user.set_password(PASSWORD)
    user.save()
    return user


def sign_in(client: Client, login: str = "anna", password: str = PASSWORD, **more: str) -> Any:
    return client.post("/accounts/login/", {"login": login, "password": password} | more)


# --- Signing in


@pytest.mark.parametrize("login", ["anna", "Anna", "anna@example.org", "ANNA@example.org"])
def test_people_sign_in_by_name_or_address(client: StrictClient, login: str):
    someone()
    response = sign_in(client, login)
    assert (response.status_code, response["Location"]) == (302, "/desk/")
    assert [session.user.username for session in UserSession.objects.all()] == ["anna"]


@pytest.mark.parametrize(
    ("make", "page_of"),
    [(editor, "/desk/"), (reviewer, "/desk/"), (administrator, "/desk/people/"), (UserFactory, "/")],
)
def test_everybody_is_led_to_what_they_may_use(client: StrictClient, make: Any, page_of: str):
    someone(make)
    assert sign_in(client)["Location"] == page_of


@pytest.mark.parametrize(
    "target",
    [
        "https://evil.example/",
        "//evil.example/x",
        "///evil.example",
        "https:evil.example",
        "https:///evil.example",
        "\\\\evil.example",
        "/\\evil.example",
        "\t//evil.example",
        "\x00//evil.example",
        "javascript:alert(1)",
        "http://localhost/",
        "",
    ],
)
def test_signing_in_leads_to_no_other_site(client: StrictClient, target: str):
    someone()
    for address in ("/accounts/login/", f"/accounts/login/?next={target.replace(chr(0), '%00')}"):
        response = client.post(address, {"login": "anna", "password": PASSWORD, "next": target})
        assert (response.status_code, response["Location"]) == (302, "/desk/")
        client.cookies.clear()


def test_the_sixth_wrong_password_is_not_even_tried(client: StrictClient):
    someone()
    said = [page(sign_in(client, password=f"wrong {n}")).all(class_="error-summary")[0].text for n in range(6)]
    assert ["Too many attempts. Please wait five minutes." in text for text in said] == [False] * 5 + [True]
    assert sign_in(client).status_code == 422
    # Another account is not affected, and neither is this one for long.
    someone(name="bert")
    assert sign_in(StrictClient(), "bert").status_code == 302
    with time_machine.travel(1e9 * 1.9):
        assert sign_in(StrictClient()).status_code == 302


def test_one_address_on_the_net_tries_ten_passwords_a_minute(client: StrictClient):
    answers = [page(sign_in(client, f"somebody{n}", "wrong")).text for n in range(11)]
    assert ["Too many attempts" in text for text in answers] == [False] * 10 + [True]


@override_settings(ALLAUTH_TRUSTED_PROXY_COUNT=1)
def test_behind_a_proxy_each_reader_is_counted_for_themselves(client: StrictClient):
    for number in range(11):
        headers = {"X-Forwarded-For": f"203.0.113.9, 198.51.100.{number}"}
        response = client.post("/accounts/login/", {"login": f"x{number}", "password": "wrong"}, headers=headers)
        assert "Too many attempts" not in page(response).text


def test_a_flood_is_answered_with_a_page(client: StrictClient):
    with override_settings(ACCOUNT_RATE_LIMITS={"login": "2/m/ip"}):
        codes = [sign_in(client, password="").status_code for _ in range(3)]
    assert codes == [422, 422, 429]


def test_nothing_keeps_pages_of_accounts_and_they_set_no_cookie_before_a_form(client: StrictClient):
    for address in ("/accounts/login/", "/accounts/password/forgotten/", "/accounts/invitation/x/"):
        response = client.get(address)
        assert "no-store" in response["Cache-Control"]
        assert set(response.cookies) <= {"csrftoken"}


def test_a_closed_account_does_not_sign_in(client: StrictClient):
    someone(is_active=False)
    assert sign_in(client)["Location"] == "/accounts/closed/"
    assert client.get("/accounts/closed/").status_code == 200


# --- Passwords


def test_a_forgotten_password_is_replaced_by_a_link_that_works_once(client: StrictClient):
    someone()
    client.post("/accounts/password/forgotten/", {"email": "anna@example.org"})
    client.post("/accounts/password/forgotten/", {"email": "nobody@example.org"})
    assert [(message.to, message.subject) for message in mail.outbox] == [
        (["anna@example.org"], "A new password for the Guarantee Ledger")
    ]
    link = re.findall(r"http://testserver(\S+)", mail.outbox[0].body)[0]
    form = client.get(link, follow=True)
    where = form.redirect_chain[-1][0]
    refused = client.post(where, {"password1": "short"})
    assert (refused.status_code, list(errors(refused))) == (422, ["password1"])
    done = client.post(where, {"password1": "another set of words"}, follow=True)
    assert done.redirect_chain[-1][0] == "/accounts/password/new/done/"
    assert sign_in(client, password="another set of words").status_code == 302
    assert "This link no longer works" in StrictClient().get(link).content.decode()


def test_a_changed_password_ends_the_other_sessions():
    user = someone()
    here, there = StrictClient(), StrictClient()
    sign_in(here)
    sign_in(there)
    sent = {"oldpassword": PASSWORD, "password1": "another set of words"}
    response = here.post("/accounts/password/", sent)
    assert (response.status_code, response["Location"]) == (302, "/accounts/")
    assert "Your password is changed." in here.get("/accounts/").content.decode()
    assert there.get("/accounts/").status_code == 302
    user.refresh_from_db()
    assert user.check_password("another set of words")


def test_sign_out_everywhere_else():
    someone()
    here, there = StrictClient(), StrictClient()
    sign_in(here)
    sign_in(there)
    rows = page(here.get("/accounts/sessions/")).one("tbody").all("tr")
    assert [row.text.count("this one") for row in rows] == [1, 0]
    here.post("/accounts/sessions/")
    assert there.get("/accounts/").status_code == 302
    assert here.get("/accounts/").status_code == 200


# --- Second factors


def code_of(secret: str) -> str:
    return format_hotp_value(hotp_value(secret, next(yield_hotp_counters_from_time())))


def confirmed(client: StrictClient, target: str) -> Any:
    """Open a page that asks for the password first."""
    client.get(target)
    return client.post("/accounts/confirm/", {"password": PASSWORD, "next": target}, follow=True)


def test_an_authenticator_app_is_set_up_asked_for_and_replaced_by_a_recovery_code(client: StrictClient):
    user = someone()
    sign_in(client)
    form = confirmed(client, "/accounts/app/")
    assert page(form).one("div", class_="qr").all("svg") != []
    secret = page(form).one("code", class_="account-key").text
    assert client.post("/accounts/app/", {"code": "000000"}).status_code == 422
    shown = client.post("/accounts/app/", {"code": code_of(secret)}, follow=True)
    codes = [code.text for code in page(shown).one("ul", class_="codes").all("code")]
    assert len(codes) == 10
    assert "no-store" in shown["Cache-Control"]
    assert page(client.get("/accounts/recovery-codes/")).all("ul", class_="codes") == []

    other = StrictClient()
    assert sign_in(other)["Location"].startswith("/accounts/second-factor/")
    assert other.get("/desk/").status_code == 302
    assert other.post("/accounts/second-factor/", {"code": "000000"}).status_code == 422
    assert other.post("/accounts/second-factor/", {"code": codes[0]})["Location"] == "/desk/"
    assert other.get("/accounts/").status_code == 200
    third = StrictClient()
    sign_in(third)
    assert third.post("/accounts/second-factor/", {"code": codes[0]}).status_code == 422
    assert {factor.type for factor in Authenticator.objects.filter(user=user)} == {"totp", "recovery_codes"}


def test_the_way_back_survives_the_second_factor(client: StrictClient):
    user = someone()
    secret = generate_totp_secret()
    TOTP.activate(user, secret)
    sign_in(client, next="/desk/start/")
    assert client.post("/accounts/second-factor/", {"code": code_of(secret)})["Location"] == "/desk/start/"


@override_settings(REQUIRE_MFA=True)
def test_where_a_second_factor_is_obligatory_the_desk_asks_for_it_first():
    person = Person(someone())
    response = person.get("/desk/start/")
    assert (response.status_code, response["Location"]) == (303, "/accounts/")
    assert "the desk asks for a second factor" in person.get("/accounts/").content.decode()
    assert person.hx_post("/desk/start/")["HX-Redirect"] == "/accounts/"
    admin = Client()
    admin.force_login(administrator())
    assert admin.get("/admin/", follow=True).redirect_chain[-1][0] == "/accounts/"
    TOTP.activate(person.user, generate_totp_secret())
    assert person.get("/desk/start/").status_code == 200


def test_a_passkey_is_offered_and_nonsense_is_refused(client: StrictClient):
    someone()
    options = client.get("/accounts/passkeys/login/", headers={"Accept": "application/json"})
    assert set(options.json()["request_options"]) == {"publicKey"}
    for nonsense in ("", "x", "{}", "[]", '{"id": 1}'):
        assert client.post("/accounts/passkeys/login/", {"credential": nonsense})["Location"] == "/accounts/login/"
    sign_in(client)
    assert 'id="passkey-add"' in confirmed(client, "/accounts/passkeys/add/").content.decode()
    for nonsense in ("", "x", "{}", '{"id": 1, "type": "public-key"}'):
        assert client.post("/accounts/passkeys/add/", {"name": "Key", "credential": nonsense}).status_code == 422


# --- Invitations


def invited(boss: Person, email: str = "Nina@Example.org", role: str = "reviewer") -> str:
    """Invite somebody and return the path of the link in the e-mail."""
    mail.outbox.clear()
    response = boss.post("/desk/people/invite/", {"email": email, "role": role})
    assert (response.status_code, response["Location"]) == (302, "/desk/people/")
    (message,) = mail.outbox
    return re.findall(r"http://testserver(\S+)", message.body)[0]


@pytest.fixture
def boss() -> Person:
    return Person(someone(administrator, "ada"))


def test_an_invitation_becomes_an_account_with_its_role(boss: Person, client: StrictClient):
    link = invited(boss)
    assert mail.outbox[0].to == ["nina@example.org"]
    key = link.split("/")[-2]
    assert key not in str(Invitation.objects.values())
    assert "invites nina@example.org as reviewer" in page(client.get(link)).text
    refused = client.post(link, {"username": "ADA", "password": "password1234"})
    assert (refused.status_code, set(errors(refused))) == (422, {"username", "password"})
    assert client.post(link, {"username": "nina", "password": PASSWORD})["Location"] == "/desk/"
    nina = User.objects.get(username="nina")
    assert [group.name for group in nina.groups.all()] == ["reviewers"]
    assert (nina.is_staff, nina.is_superuser, nina.email) == (False, False, "nina@example.org")
    assert client.get("/desk/").status_code == 200
    used = StrictClient().get(link)
    assert (used.status_code, "has been accepted" in page(used).text) == (410, True)
    said = [entry.change_message for entry in LogEntry.objects.order_by("pk")]
    assert said == ["Invited as reviewer.", "Accepted the invitation as reviewer."]


def test_links_that_do_not_work_say_why(boss: Person, client: StrictClient):
    link = invited(boss)
    invitation = Invitation.objects.get()
    boss.post(f"/desk/people/invitations/{invitation.pk}/send/")
    again = re.findall(r"http://testserver(\S+)", mail.outbox[-1].body)[0]
    said = {"replaced": page(client.get(link)).text}
    with time_machine.travel(invitation.expires_at.replace(year=2099)):
        said["old"] = page(client.get(again)).text
    boss.post(f"/desk/people/invitations/{invitation.pk}/withdraw/")
    said["withdrawn"] = page(client.get(again)).text
    post = client.post(again, {"username": "nina", "password": PASSWORD})
    expected = {"replaced": "does not belong", "old": "seven days", "withdrawn": "has been withdrawn"}
    assert {name: expected[name] in text for name, text in said.items()} == dict.fromkeys(expected, True)
    assert (post.status_code, User.objects.filter(username="nina").exists()) == (410, False)


def test_a_second_click_invites_nobody_twice(boss: Person):
    invited(boss)
    boss.post("/desk/people/invite/", {"email": "nina@example.org", "role": "reviewer"})
    other = boss.post("/desk/people/invite/", {"email": "nina@example.org", "role": "editor"})
    assert (Invitation.objects.count(), len(mail.outbox)) == (1, 1)
    assert (other.status_code, "invited already" in errors(other)["email"]) == (422, True)


@pytest.mark.parametrize(
    ("sent", "wrong"),
    [
        ({"email": "", "role": "editor"}, "email"),
        ({"email": "nina", "role": "editor"}, "email"),
        ({"email": "a@example.org\nBcc: b@example.org", "role": "editor"}, "email"),
        ({"email": "x" * 300 + "@example.org", "role": "editor"}, "email"),
        ({"email": "ada@example.org", "role": "editor"}, "email"),
        ({"email": "nina@example.org", "role": "superuser"}, "role"),
        ({"email": "nina@example.org"}, "role"),
    ],
)
def test_a_wrong_invitation_is_not_sent(boss: Person, sent: dict[str, str], wrong: str):
    response = boss.post("/desk/people/invite/", sent)
    assert (response.status_code, list(errors(response))) == (422, [wrong])
    assert (Invitation.objects.count(), mail.outbox) == (0, [])


@override_settings(EMAIL_BACKEND="django.core.mail.backends.smtp.EmailBackend", EMAIL_HOST="127.0.0.1", EMAIL_PORT=1)
def test_an_e_mail_that_cannot_be_sent_is_said(boss: Person, caplog: pytest.LogCaptureFixture):
    boss.post("/desk/people/invite/", {"email": "nina@example.org", "role": "editor"})
    assert "could not be sent" in page(boss.get("/desk/people/")).text
    assert len(caplog.records) == 1


# --- Roles


def test_a_role_is_changed_and_an_account_closed_and_opened(boss: Person):
    anna = someone()
    client = StrictClient()
    sign_in(client)
    boss.post(f"/desk/people/{anna.pk}/role/", {"role": "reviewer"})
    assert [group.name for group in anna.groups.all()] == ["reviewers"]
    boss.post(f"/desk/people/{anna.pk}/close/")
    assert client.get("/desk/").status_code == 302
    assert not UserSession.objects.filter(user=anna).exists()
    boss.post(f"/desk/people/{anna.pk}/reopen/")
    assert client.get("/desk/").status_code == 302
    assert [s.get_decoded().get("_auth_user_id") for s in Session.objects.all()].count(str(anna.pk)) == 0
    assert sign_in(StrictClient()).status_code == 302


def test_an_administrator_does_not_lock_out_themselves_or_everybody(boss: Person):
    for deed, sent in (("role", {"role": "editor"}), ("close", {}), ("reopen", {})):
        boss.post(f"/desk/people/{boss.user.pk}/{deed}/", sent)
        assert "This is your own account." in page(boss.get("/desk/people/")).text
    boss.user.refresh_from_db()
    assert (boss.user.is_active, [g.name for g in boss.user.groups.all()]) == (True, ["administrators"])
    root = Person(User.objects.create_superuser("root"))
    root.post(f"/desk/people/{boss.user.pk}/close/")
    assert "This is the only administrator." in page(root.get("/desk/people/")).text
    assert boss.post(f"/desk/people/{root.user.pk}/close/").status_code == 403


def test_the_list_of_people_costs_the_same_for_one_and_for_many(boss: Person, django_assert_num_queries: Any):
    boss.get("/desk/people/")
    with django_assert_num_queries(7):
        boss.get("/desk/people/")
    for number in range(4):
        someone(name=f"person{number}-x")
        boss.post("/desk/people/invite/", {"email": f"n{number}@example.org", "role": "editor"})
    boss.get("/desk/people/")
    with django_assert_num_queries(7):
        boss.get("/desk/people/")


# --- What was typed while signed out


def expired(person: Person) -> None:
    """End the session of somebody who has been at work, as time does."""
    person.get("/desk/")
    Session.objects.all().delete()


def test_what_was_typed_is_kept_and_saved_after_signing_in():
    update = UpdateFactory()
    person = Person(someone())
    cell = f"/desk/rows/updates/{update.pk}/cells/summary/"
    seen = {
        field.attributes["name"]: field.attributes.get("value", "")
        for field in page(person.get(cell)).all("input")
        if field.attributes.get("name") in ("version", "seen")
    }
    expired(person)
    typed = "Typed <b>late</b> at night."
    response = person.hx_post(cell, seen | {"summary": typed})
    assert response.status_code == 204
    sign_in_page = response["HX-Redirect"]
    kept = sign_in(person, next=sign_in_page.split("next=")[1].replace("%2F", "/"))["Location"]
    assert re.fullmatch(r"/desk/kept/[\w-]+/", kept)
    shown = page(person.get(kept))
    assert typed in shown.one("dl", class_="summary").text
    form = next(form for form in shown.all("form") if form.attributes.get("action") == cell)
    sent = {f.attributes["name"]: f.attributes["value"] for f in form.all("input")}
    saved = person.post(cell, sent)
    assert (saved.status_code, saved["Location"].startswith(f"/desk/changesets/{update.changeset_id}/")) == (303, True)
    assert PledgeUpdate.objects.get().summary == typed
    assert person.get(kept).status_code == 404


@pytest.mark.parametrize("other", [True, False])
def test_it_is_kept_for_the_same_person_only_and_for_a_day(other: bool):
    person = Person(someone())
    expired(person)
    response = person.post("/desk/start/", {"title": "Typed", "reason": "late"})
    kept = re.findall(r"next=(\S+)", response["Location"])[0]
    someone(reviewer, "bert")
    if other:
        sign_in(person, "bert")
        assert person.get(kept).status_code == 404
    else:
        sign_in(person)
        with time_machine.travel(1e9 * 1.9):
            person.force_login(person.user)
            assert person.get(kept).status_code == 404
    assert "Typed" not in person.get("/desk/").content.decode()


def test_it_can_be_left():
    person = Person(someone())
    expired(person)
    kept = re.findall(r"next=(\S+)", person.post("/desk/start/", {"title": "Typed"})["Location"])[0]
    sign_in(person)
    assert person.post(kept)["Location"] == "/desk/"
    assert person.get(kept).status_code == 404


def test_nothing_is_kept_for_strangers_nor_what_is_too_large(client: StrictClient):
    assert client.post("/desk/start/", {"title": "Junk"})["Location"] == "/accounts/login/?next=/desk/start/"
    assert client.post("/desk/start/", {"title": "Junk"}, headers=HTMX)["HX-Redirect"].endswith(
        "next=%2Fdesk%2Fstart%2F"
    )
    client.cookies["desk_person"] = "1:forged"
    client.post("/desk/start/", {"title": "Junk"})
    assert Session.objects.count() == 0
    person = Person(someone())
    expired(person)
    large = person.post("/desk/start/", {"title": "x" * 70_000})
    assert large["Location"] == "/accounts/login/?next=/desk/start/"
    for number in range(7):
        person.post(f"/desk/start/?n={number}", {"title": "x"})
    (session,) = Session.objects.all()
    assert [entry["path"][-3:] for entry in session.get_decoded()["kept"].values()] == [f"n={n}" for n in range(2, 7)]


def test_a_form_without_its_token_is_not_kept():
    person = Person(someone())
    expired(person)
    strict = Client(enforce_csrf_checks=True)
    strict.cookies = person.cookies
    assert strict.post("/desk/start/", {"title": "Junk"}).status_code == 403
    assert Session.objects.count() == 0


def test_work_at_the_desk_makes_a_session_last():
    person = Person(someone())
    with time_machine.travel("2026-11-24T12:00:00Z", tick=False) as traveller:
        person.get("/desk/")
        for _ in range(3):
            traveller.shift(10 * 24 * 3600)
            assert person.get("/desk/").status_code == 200
        traveller.shift(15 * 24 * 3600)
        assert person.get("/desk/").status_code == 302
