"""Where the unlock secret may come from, and what is refused."""

import os
import re
import stat
import sys

import pytest

from archive.vault import providers
from archive.vault.errors import KeyUnavailable
from archive.vault.keylines import create_key_file
from archive.vault.providers import (
    CommandProvider,
    CredentialProvider,
    FileProvider,
    choose_provider,
)

SECRET = bytes(range(32))
LINE = f"vigil-key-1:{SECRET.hex()}\n"


@pytest.fixture
def home(tmp_path):
    folder = tmp_path / "home"
    folder.mkdir()
    return folder


@pytest.fixture
def key_file(tmp_path):
    path = tmp_path / "unlock.key"
    path.write_text(LINE)
    path.chmod(0o400)
    return path


@pytest.fixture
def credentials(tmp_path):
    folder = tmp_path / "credentials"
    folder.mkdir()
    (folder / "vigil-key").write_text(LINE)
    (folder / "vigil-key").chmod(0o440)
    return folder


@pytest.mark.parametrize("mode", [0o400, 0o600])
def test_a_private_key_file_outside_the_home_unlocks(key_file, home, mode):
    key_file.chmod(mode)
    assert FileProvider(key_file, home).unlock().secret_bytes() == SECRET


@pytest.mark.parametrize(
    "mode",
    [0o440, 0o404, 0o644, 0o640, 0o604, 0o620, 0o602, 0o610, 0o601, 0o700, 0o777],
)
def test_a_key_file_that_others_can_touch_is_refused(key_file, home, mode):
    key_file.chmod(mode)
    with pytest.raises(KeyUnavailable, match="chmod 600"):
        FileProvider(key_file, home).unlock()


@pytest.mark.parametrize("inside", ["unlock.key", "deeper/unlock.key", "../home/k"])
def test_a_key_file_inside_the_home_is_refused(home, inside):
    path = home / inside
    path.parent.mkdir(exist_ok=True)
    path.write_text(LINE)
    path.chmod(0o600)
    with pytest.raises(KeyUnavailable, match="inside the archive's home"):
        FileProvider(path, home).unlock()


def test_a_link_from_outside_into_the_home_is_refused(home, tmp_path):
    (home / "unlock.key").write_text(LINE)
    (home / "unlock.key").chmod(0o600)
    (tmp_path / "link").symlink_to(home / "unlock.key")
    with pytest.raises(KeyUnavailable, match="inside the archive's home"):
        FileProvider(tmp_path / "link", home).unlock()


def test_a_missing_key_file_and_a_folder_and_a_pipe_are_refused(home, tmp_path):
    with pytest.raises(KeyUnavailable, match="cannot be read: No such file"):
        FileProvider(tmp_path / "none", home).unlock()
    (tmp_path / "folder").mkdir()
    with pytest.raises(KeyUnavailable, match="not a regular file"):
        FileProvider(tmp_path / "folder", home).unlock()
    os.mkfifo(tmp_path / "pipe", 0o600)
    with pytest.raises(KeyUnavailable, match="not a regular file"):
        FileProvider(tmp_path / "pipe", home).unlock()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file away")
def test_a_key_file_of_another_user_is_refused(key_file, home):
    os.chown(key_file, 12345, 12345)
    with pytest.raises(KeyUnavailable, match="another user"):
        FileProvider(key_file, home).unlock()


@pytest.mark.parametrize(
    "text",
    [
        "",
        "vigil-key-1:",
        "hunter2",
        SECRET.hex(),
        LINE.replace("-1", "-2"),
        LINE[:-3],
        LINE.strip() + "00",
        LINE + LINE,
        LINE.replace("0", "g", 1),
    ],
)
def test_anything_but_the_one_line_is_refused_and_not_repeated(key_file, home, text):
    key_file.chmod(0o600)
    key_file.write_text(text)
    with pytest.raises(
        KeyUnavailable, match="does not hold an unlock secret"
    ) as refused:
        FileProvider(key_file, home).unlock()
    assert "hunter2" not in str(refused.value)


def test_a_new_key_file_is_private_random_and_never_overwritten(tmp_path, home):
    path = tmp_path / "keys" / "vigil.key"
    secret = create_key_file(path, home)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert FileProvider(path, home).unlock().secret_bytes() == secret.secret_bytes()
    assert re.fullmatch(r"vigil-key-1:[0-9a-f]{64}\n", path.read_text())
    with pytest.raises(FileExistsError):
        create_key_file(path, home)
    other = create_key_file(tmp_path / "other.key", home)
    assert other.secret_bytes() != secret.secret_bytes()
    with pytest.raises(KeyUnavailable):
        create_key_file(home / "vigil.key", home)
    assert not (home / "vigil.key").exists()


def test_a_systemd_credential_unlocks_with_its_access_list_bits(credentials):
    assert CredentialProvider(credentials).unlock().secret_bytes() == SECRET


def test_a_credential_that_everybody_reads_or_that_is_missing_is_refused(
    credentials, tmp_path
):
    (credentials / "vigil-key").chmod(0o444)
    with pytest.raises(KeyUnavailable):
        CredentialProvider(credentials).unlock()
    with pytest.raises(KeyUnavailable):
        CredentialProvider(tmp_path).unlock()


def test_a_command_prints_the_secret():
    provider = CommandProvider([sys.executable, "-c", f"print({LINE.strip()!r})"])
    assert provider.unlock().secret_bytes() == SECRET


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        (["/nonexistent/program"], "cannot run"),
        ([], "cannot run"),
        ([sys.executable, "-c", "print('hunter2'); raise SystemExit(3)"], "status 3"),
        ([sys.executable, "-c", "print('hunter2')"], "does not hold"),
    ],
)
def test_a_command_that_fails_is_told_without_its_output(command, sentence):
    with pytest.raises(KeyUnavailable, match=sentence) as refused:
        CommandProvider(command).unlock()
    assert "hunter2" not in str(refused.value)


def test_a_command_that_never_ends_is_given_up(monkeypatch):
    monkeypatch.setattr(providers, "COMMAND_SECONDS", 0.2)
    sleeper = CommandProvider([sys.executable, "-c", "import time; time.sleep(9)"])
    with pytest.raises(KeyUnavailable, match="did not end within"):
        sleeper.unlock()


def test_the_one_provider_that_is_set_is_chosen(home, key_file, credentials):
    command = f"{sys.executable} -c \"print('{LINE.strip()}')\""
    for chosen in (
        choose_provider(home, key_file=key_file),
        choose_provider(home, key_command=command),
        choose_provider(home, credentials_folder=credentials),
        choose_provider(home, key_file=key_file, credentials_folder=home),
    ):
        assert chosen.unlock().secret_bytes() == SECRET


def test_no_provider_or_two_of_them_stop_with_what_to_set(home, key_file, credentials):
    with pytest.raises(KeyUnavailable, match="set VIGIL_KEY_FILE or VIGIL_KEY_COMMAND"):
        choose_provider(home)
    with pytest.raises(KeyUnavailable, match="keep one of"):
        choose_provider(home, key_file=key_file, key_command="cat key")
    with pytest.raises(KeyUnavailable, match="keep one of"):
        choose_provider(home, key_file=key_file, credentials_folder=credentials)
