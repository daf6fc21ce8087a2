"""`python -m infra.lambda_emulator`: run one function behind a Function URL until Ctrl-C."""

import argparse
import shlex
import signal
import sys
import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from types import FrameType

from infra.lambda_emulator.service import LambdaService
from infra.lambda_emulator.types import FunctionSpec
from infra.lambda_emulator.web import BackgroundLoop, WebServer

_LOG_INTERVAL_SECONDS = 0.1


def main() -> None:
    """Run the function that the command line describes."""
    parser = _parser()
    options = parser.parse_args()
    folder: Path = options.function
    spec = FunctionSpec(
        folder.name, folder, options.env, url_port=options.port, layer=options.layer
    )
    # A supervisor stops a process by SIGTERM; the emulator then stops as for Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    with tempfile.TemporaryDirectory(prefix="lambda-emulator-") as temporary:
        web = WebServer()
        try:
            service = LambdaService(web, Path(temporary), [spec])
        except OSError as error:
            parser.error(f"argument --port: port {options.port} is not free ({error.strerror})")
        sys.exit(_run(web, service, spec.name, Path(temporary) / "logs" / f"{spec.name}.log"))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m infra.lambda_emulator",
        description="Run one Python function as Lambda does, behind a Function URL, until Ctrl-C.",
        epilog="Standard output has the addresses, standard error the log of the function.",
    )
    parser.add_argument(
        "--function",
        metavar="FOLDER",
        type=_function_folder,
        required=True,
        help="the folder with handler.py, which defines handler(event, context)",
    )
    parser.add_argument(
        "--port",
        metavar="N",
        type=_port,
        default=0,
        help="the port of the Function URL (default: a free one)",
    )
    parser.add_argument(
        "--layer",
        metavar="FOLDER",
        type=_layer_folder,
        help="a layer, with its packages in the folder python",
    )
    parser.add_argument(
        "--env",
        metavar="FILE",
        type=_read_variables,
        default={},
        help="the environment variables of the function: lines with NAME=value, quoted as in sh",
    )
    return parser


def _function_folder(text: str) -> Path:
    return _folder_with(text, "handler.py")


def _layer_folder(text: str) -> Path:
    return _folder_with(text, "python")


def _folder_with(text: str, content: str) -> Path:
    folder = Path(text).resolve()
    if not (folder / content).exists():
        raise argparse.ArgumentTypeError(f"the folder {text} does not contain {content}")
    return folder


def _port(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= 65_535:
        raise argparse.ArgumentTypeError("a port is a number from 1 to 65535")
    return int(text)


def _read_variables(text: str) -> Mapping[str, str]:
    """Read a file of variables; `export` before a name is allowed."""
    try:
        lines = Path(text).read_text("utf-8").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise argparse.ArgumentTypeError(f"cannot read {text}: {error}") from None
    variables = {}
    for number, line in enumerate(lines, start=1):
        assignment = _parse_line(line, f"{text}, line {number}")
        if assignment:
            name, _, variables[name] = assignment.partition("=")
    return variables


def _parse_line(line: str, place: str) -> str | None:
    """Return the assignment in a line, unquoted; `None` if it is empty or a comment."""
    try:
        words = shlex.split(line, comments=True)
    except ValueError:
        words = [""]
    if words[:1] == ["export"]:
        words = words[1:]
    if len(words) > 1 or any("=" not in word[1:] for word in words):
        # The message must not contain the line, since it may be a secret.
        raise argparse.ArgumentTypeError(f"{place} is not NAME=value; quote values with spaces")
    return words[0] if words else None


def _run(web: WebServer, service: LambdaService, name: str, log: Path) -> int:
    """Serve the function until Ctrl-C; return the exit status."""
    loop, position = BackgroundLoop(), 0
    try:
        loop.run(web.start())
        failures = loop.run(service.warm())
        position = _copy_log(log, position)
        if name in failures:
            sys.stderr.write(f"{name} cannot be started: {failures[name].error_message}\n")
            return 1
        sys.stdout.write(
            f"Function URL: {service.urls[name]}/\n"
            f"Invoke API:   {service.endpoint} (function {name})\n"
            "Press Ctrl-C to stop.\n"
        )
        sys.stdout.flush()
        while True:
            position = _copy_log(log, position)
            time.sleep(_LOG_INTERVAL_SECONDS)
    except KeyboardInterrupt:
        return 0
    finally:
        loop.run(service.close())
        _copy_log(log, position)
        loop.run(web.stop())
        loop.close()


def _copy_log(log: Path, position: int) -> int:
    """Copy the log to standard error from a position on; return the position of its end."""
    if not log.is_file():
        return position
    with log.open("rb") as file:
        file.seek(position)
        sys.stderr.buffer.write(file.read())
        sys.stderr.buffer.flush()
        return file.tell()


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt


if __name__ == "__main__":
    main()
