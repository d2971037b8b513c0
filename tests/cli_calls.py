"""The command line, called from within."""

from typer.testing import CliRunner

from depthlib.cli import app


def call(*words):
    """Exit status, standard output and standard error of a command."""
    result = CliRunner().invoke(app, [str(word) for word in words])
    if result.exception and not isinstance(result.exception, SystemExit):
        raise result.exception
    return result.exit_code, result.stdout, result.stderr


def refused(*words):
    """The one sentence on standard error of a command that must fail."""
    status, _, err = call(*words)
    assert status == 1
    assert err.startswith("depthlib: ") and err.count("\n") == 1
    return err
