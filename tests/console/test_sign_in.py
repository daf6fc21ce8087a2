"""Signing in through the real `@supabase/auth-js`, by password, code and link."""

from infra.local.stack import Stack
from infra.local.users import User

from .conftest import OpenConsole


def test_a_wrong_password_is_refused_with_a_reason(open_page: OpenConsole, reviewer: User) -> None:
    console = open_page().open()
    console.expects_failed_requests = True
    console.page.get_by_label("E-mail address").fill(reviewer.email)
    console.page.get_by_label("Password").fill("not the password")
    console.press("Enter")

    console.page.get_by_text("The address or the password is wrong.").wait_for()


def test_a_reviewer_signs_in_with_a_code_from_an_e_mail(
    open_page: OpenConsole, reviewer: User, stack: Stack
) -> None:
    console = open_page().open()
    console.expects_failed_requests = True
    page = console.page
    page.get_by_label("E-mail address").fill(reviewer.email)
    page.get_by_role("button", name="Send me a code instead").click()
    page.get_by_label("Code from the e-mail").fill("000000x")
    console.press("Enter")
    page.get_by_text("The code is wrong or has expired.").wait_for()

    page.get_by_label("Code from the e-mail").fill(stack.auth.mailbox[-1].code)
    console.press("Enter")

    page.get_by_text(reviewer.email).wait_for()


def test_a_link_from_an_e_mail_signs_in_once_and_leaves_the_address(
    open_page: OpenConsole, reviewer: User, stack: Stack
) -> None:
    console = open_page().open()
    console.expects_failed_requests = True
    page = console.page
    page.get_by_label("E-mail address").fill(reviewer.email)
    page.get_by_role("button", name="Send me a code instead").click()
    page.get_by_label("Code from the e-mail").wait_for()
    link = f"?token_hash={stack.auth.mailbox[-1].token_hash}&type=email"

    console.open(link)
    page.get_by_text(reviewer.email).wait_for()
    assert "token_hash" not in page.url
    console.open(link)

    page.get_by_text("The code is wrong or has expired.").wait_for()


def test_an_unknown_address_is_not_told_apart(open_page: OpenConsole, stack: Stack) -> None:
    mails = len(stack.auth.mailbox)
    console = open_page().open()
    console.page.get_by_label("E-mail address").fill("nobody@example.com")
    console.page.get_by_role("button", name="Send me a code instead").click()

    console.page.get_by_label("Code from the e-mail").wait_for()
    assert len(stack.auth.mailbox) == mails


def test_signing_out_ends_the_session_at_the_project(
    open_page: OpenConsole, reviewer: User
) -> None:
    console = open_page().sign_in(reviewer)
    with console.page.expect_response("**/auth/v1/logout*") as response:
        console.page.get_by_role("button", name="Sign out").click()

    assert response.value.status == 204
    console.page.get_by_label("Password").wait_for()
