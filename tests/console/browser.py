"""A real browser, and the console in it as a person uses it."""

import subprocess
from dataclasses import dataclass, field

from playwright.sync_api import Browser as Chromium
from playwright.sync_api import BrowserContext, ConsoleMessage, Page, Playwright

from infra.local.paths import ROOT
from infra.local.users import User

_FIND_CHROMIUM = """
import chromium from "@sparticuz/chromium";
console.log(await chromium.executablePath());
"""
_WATCH_POLICY = """
window.violations = [];
document.addEventListener("securitypolicyviolation", (event) => {
  window.violations.push(`${event.effectiveDirective}: ${event.blockedURI}`);
});
"""
DESKTOP, PHONE = (1280, 800), (390, 844)
SECONDS = 15_000
"""How long a test waits for something to appear, in milliseconds: the machine may be busy."""


def launch(playwright: Playwright) -> Chromium:
    """Start the Chromium of npm's `@sparticuz/chromium`."""
    command = ["node", "--input-type=module", "-e", _FIND_CHROMIUM]
    path = subprocess.run(command, cwd=ROOT, check=True, capture_output=True, text=True).stdout
    return playwright.chromium.launch(executable_path=path.strip(), args=["--no-sandbox"])


@dataclass
class Console:
    """The console in a page of its own. `problems` collects what the browser complains about."""

    page: Page
    url: str
    expects_failed_requests: bool = False
    expects_violations: bool = False
    problems: list[str] = field(default_factory=list)

    def open(self, hash_: str = "") -> "Console":
        """Open the page."""
        self.page.goto(f"{self.url}{hash_}")
        return self

    def sign_in(self, user: User, screen: str = "") -> "Console":
        """Open the page and sign in with the password."""
        self.open(f"#{screen}" if screen else "")
        self.fill_sign_in(user)
        self.page.get_by_role("button", name="Sign out").wait_for()
        return self

    def fill_sign_in(self, user: User) -> None:
        """Fill and send the form."""
        self.page.get_by_label("E-mail address").fill(user.email)
        self.page.get_by_label("Password").fill(user.password)
        self.page.get_by_role("button", name="Sign in").click()

    def wait_for_message(self, text: str) -> None:
        """Wait until this message is shown."""
        self.page.locator(".card .message", has_text=text).wait_for()

    def press(self, *keys: str) -> None:
        """Press keys, one after another."""
        for key in keys:
            self.page.keyboard.press(key)

    def wait_until_recorded(self) -> None:
        """Wait until the outbox is empty."""
        self.page.locator(".outgoing[data-waiting='0']").wait_for()

    def find_problems(self) -> list[str]:
        """Return violations of the content security policy, and errors of the page."""
        if self.expects_violations:
            return []
        violations: list[str] = self.page.evaluate("window.violations")
        return [*self.problems, *violations]


def open_console(context: BrowserContext, url: str) -> Console:
    """Open a page that watches for errors and violations of the content security policy."""
    page = context.new_page()
    page.set_default_timeout(SECONDS)
    console = Console(page, url)

    def on_console(message: ConsoleMessage) -> None:
        is_request = "Failed to load resource" in message.text
        if message.type == "error" and not (is_request and console.expects_failed_requests):
            console.problems.append(message.text)

    page.on("console", on_console)
    page.on("pageerror", lambda error: console.problems.append(str(error)))
    page.add_init_script(_WATCH_POLICY)
    return console
