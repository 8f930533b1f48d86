"""supervisord reads back exactly what the programs say."""

import shlex
from pathlib import Path

import pytest
from supervisor.options import ServerOptions

from fraud_core.errors import StackError
from fraud_local.program import Program
from fraud_local.supervisor_client import socket_path
from fraud_local.supervisor_config import render


def read_back(tmp_path: Path, program: Program) -> dict[str, object]:
    file = tmp_path / "supervisord.conf"
    file.write_text(
        render([program], socket=tmp_path / "s", run=tmp_path, logs=tmp_path, user=None)
    )
    options = ServerOptions()
    options.realize(["-c", str(file)])
    (group,) = options.process_group_configs
    return vars(group.process_configs[0])


def test_a_command_with_spaces_and_percent_signs_survives(tmp_path: Path) -> None:
    command = ("/bin/echo", "a b", "100%", "it's", '"quoted"')
    program = Program(name="odd", command=command, directory=tmp_path)
    assert tuple(shlex.split(str(read_back(tmp_path, program)["command"]))) == command


def test_an_environment_with_commas_and_percent_signs_survives(tmp_path: Path) -> None:
    environment = {"A": "x,y=z", "B": "it's 100%", "C": ""}
    program = Program(
        name="odd", command=("/bin/true",), directory=tmp_path, environment=environment
    )
    assert read_back(tmp_path, program)["environment"] == environment


def test_an_environment_that_cannot_be_written_is_refused(tmp_path: Path) -> None:
    program = Program(
        name="odd", command=("/bin/true",), directory=tmp_path, environment={"BAD": 'a "b"'}
    )
    with pytest.raises(StackError, match="BAD"):
        read_back(tmp_path, program)


def test_a_command_with_what_begins_a_comment_elsewhere_survives(tmp_path: Path) -> None:
    command = ("/bin/echo", "a #b", "c ;d", "#e", ";", " # ;; it's ;")
    program = Program(name="odd", command=command, directory=tmp_path)
    assert tuple(shlex.split(str(read_back(tmp_path, program)["command"]))) == command


@pytest.mark.parametrize("value", ["a #b", "a ;b", "a\t#b", "a\rb"])
def test_a_value_that_supervisord_would_cut_is_refused_and_not_shown(
    tmp_path: Path, value: str
) -> None:
    program = Program(
        name="odd", command=("/bin/true",), directory=tmp_path, environment={"BAD": value}
    )
    with pytest.raises(StackError, match=r"BAD holds .* another value") as refused:
        read_back(tmp_path, program)
    assert value not in str(refused.value)


def test_signs_of_a_comment_without_a_space_before_them_survive(tmp_path: Path) -> None:
    environment = {"A": "x#y;z", "B": "#x", "C": ";"}
    program = Program(
        name="odd", command=("/bin/true",), directory=tmp_path, environment=environment
    )
    assert read_back(tmp_path, program)["environment"] == environment


@pytest.mark.parametrize("name", ["orders #2", "orders ;2", "orders\n2"])
def test_a_folder_that_supervisord_would_cut_is_refused_with_its_path(
    tmp_path: Path, name: str
) -> None:
    program = Program(name="odd", command=("/bin/true",), directory=tmp_path / name)
    with pytest.raises(StackError, match=r"directory of program:odd .* instead of '.*orders"):
        read_back(tmp_path, program)


def test_a_program_is_restarted_and_stopped_with_its_whole_group(tmp_path: Path) -> None:
    found = read_back(tmp_path, Program(name="part", command=("/bin/true",), directory=tmp_path))
    assert found["autostart"] is False
    assert found["stopasgroup"] is True
    assert found["killasgroup"] is True


def test_a_long_path_gets_a_short_socket_that_only_we_can_use(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 100)
    path = socket_path(deep / "run", deep)
    try:
        assert len(str(path)) <= 90
        assert path.parent.stat().st_mode & 0o777 == 0o700
    finally:
        path.parent.rmdir()


def test_a_short_path_keeps_the_socket_in_the_state_folder() -> None:
    assert socket_path(Path("/clone/.fraud/run"), Path("/clone/.fraud")).parent == Path(
        "/clone/.fraud/run"
    )
