"""`python -m infra.lambda_emulator` runs one function behind a Function URL."""

import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import httpx
import pytest

from infra.local.processes import free_port
from tests.child_processes import child_process, read_until
from tests.lambda_emulator.conftest import FUNCTIONS

COMMAND = (sys.executable, "-m", "infra.lambda_emulator")


@contextmanager
def running(function: Path, *options: str) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """Run a function; yield the process and the Function URL, and stop it at the end."""
    with child_process(*COMMAND, "--function", str(function), *options) as process:
        output = read_until(process, "Press Ctrl-C to stop.")
        url = re.search(r"^Function URL: (\S+)/$", output, re.MULTILINE)
        assert url is not None, output
        yield process, url[1]
        process.terminate()
        process.wait(30)


def failed_run(*options: str) -> subprocess.CompletedProcess[str]:
    """Run the command with options that it rejects."""
    return subprocess.run(
        [*COMMAND, *options], capture_output=True, text=True, check=False, timeout=60
    )


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_function_is_served_on_the_port_until_a_signal(number: signal.Signals) -> None:
    port = str(free_port())
    with running(FUNCTIONS / "echo", "--port", port) as (process, url):
        assert url == f"http://127.0.0.1:{port}"
        assert httpx.get(f"{url}/plain").json() == {"plain": True}
        process.send_signal(number)
        assert process.wait(30) == 0
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_the_function_gets_the_variables_of_the_file_and_no_others(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PARENT_SECRET", "x")
    file = tmp_path / "function.env"
    file.write_text("# a comment\n\nexport COLOUR='dark red'\nSIZE=3  # a comment\nEMPTY=\n")
    with running(FUNCTIONS / "echo", "--env", str(file)) as (_, url):
        environment = httpx.get(f"{url}/describe").json()["environment"]

    assert {name: environment[name] for name in ("COLOUR", "SIZE", "EMPTY")} == {
        "COLOUR": "dark red",
        "SIZE": "3",
        "EMPTY": "",
    }
    assert environment["AWS_LAMBDA_FUNCTION_NAME"] == "echo"
    assert "PARENT_SECRET" not in environment


def test_a_function_imports_packages_of_the_layer(tmp_path: Path) -> None:
    (tmp_path / "layer" / "python").mkdir(parents=True)
    (tmp_path / "layer" / "python" / "greeting.py").write_text("TEXT = 'from the layer'\n")
    function = tmp_path / "greet"
    function.mkdir()
    (function / "handler.py").write_text(
        "import greeting\n\ndef handler(event, context):\n    return greeting.TEXT\n"
    )
    with running(function, "--layer", str(tmp_path / "layer")) as (_, url):
        assert httpx.get(url).json() == "from the layer"


def test_the_log_of_the_function_goes_to_standard_error(tmp_path: Path) -> None:
    function = tmp_path / "chatty"
    function.mkdir()
    (function / "handler.py").write_text(
        "def handler(event, context):\n    raise ValueError('logged error')\n"
    )
    with (tmp_path / "log").open("w+") as log:
        with subprocess.Popen(
            [*COMMAND, "--function", str(function)], stdout=subprocess.PIPE, stderr=log, text=True
        ) as process:
            try:
                url = read_until(process, "Press Ctrl-C to stop.").split()[2]
                assert httpx.get(url).status_code == 502
            finally:
                process.terminate()
        log.seek(0)
        assert "logged error" in log.read()


def test_a_function_that_cannot_be_loaded_ends_the_command_with_the_reason() -> None:
    ended = failed_run("--function", str(FUNCTIONS / "broken"))

    assert ended.returncode == 1
    assert ended.stderr.endswith("broken cannot be started: import failed\n")
    assert "stackTrace" in ended.stderr
    assert not ended.stdout


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ((), "the following arguments are required: --function"),
        (("--function", "absent"), "the folder absent does not contain handler.py"),
        (("--layer", "absent"), "the folder absent does not contain python"),
        (("--port", "80 80"), "a port is a number from 1 to 65535"),
        (("--port", "65536"), "a port is a number from 1 to 65535"),
        (("--env", "absent.env"), "cannot read absent.env"),
    ],
)
def test_a_wrong_option_is_an_error_that_names_it(options: tuple[str, ...], message: str) -> None:
    function = () if "--function" in options or not options else ("--function", f"{FUNCTIONS}/echo")
    ended = failed_run(*function, *options)

    assert ended.returncode == 2
    assert message in ended.stderr


@pytest.mark.parametrize("line", ["KEY=a secret value", "secret", "=secret", "KEY='secret"])
def test_a_wrong_line_of_the_file_is_named_and_not_shown(tmp_path: Path, line: str) -> None:
    file = tmp_path / "function.env"
    file.write_text(f"A=1\n{line}\n")
    ended = failed_run("--function", f"{FUNCTIONS}/echo", "--env", str(file))

    assert ended.returncode == 2
    assert "function.env, line 2 is not NAME=value" in ended.stderr
    assert "secret" not in ended.stderr


def test_a_port_in_use_is_an_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = str(server.getsockname()[1])
        ended = failed_run("--function", f"{FUNCTIONS}/echo", "--port", port)

    assert ended.returncode == 2
    assert f"port {port} is not free" in ended.stderr
