"""What cannot work is said in one sentence before anybody is asked; a broken sources file does not stop a build."""

from pathlib import Path

import pytest

from config.settings import SettingsError, load_settings
from tasks.fetch.fetching import open_fetch
from tasks.records.errors import UsageError
from tests.fetch.scripted import OUTLET, Said, feed, scripted


@pytest.mark.parametrize("contact", ["https://مرصد.example/", "désk@outlet.example", "https://a.example/\x07", "a@b"])
def test_a_contact_that_no_header_can_bear_is_refused_by_its_name(contact: str) -> None:
    with pytest.raises(SettingsError, match=r"setting contact.*must be an e-mail address"):
        load_settings(contact=contact)


def test_a_contact_is_an_address_of_mail_or_of_a_page() -> None:
    for contact in ("desk@outlet.example", "https://outlet.example/about?x=1"):
        assert load_settings(contact=contact).contact == contact


def test_a_raw_folder_that_cannot_be_written_is_said_before_anybody_is_asked(tmp_path: Path) -> None:
    with scripted(lambda url: {f"{OUTLET}/feed": feed(url("/a")), f"{OUTLET}/a": Said()}) as site:
        (tmp_path / "file").write_text("no folder")
        settings = site.settings(tmp_path, f"feed: {site.url('/feed')}", raw_dir=tmp_path / "file")
        with pytest.raises(UsageError, match=r"raw folder .* cannot be written"), open_fetch(settings):
            pass
        assert site.asked == []


def test_a_broken_sources_file_does_not_keep_a_build_from_going_on(tmp_path: Path) -> None:
    from flows.build_documents import BuildParameters, fetch_first  # noqa: PLC0415 - loads Prefect

    (tmp_path / "sources.yaml").write_text("sources: 3")
    file = tmp_path / "settings.yaml"
    file.write_text(f"sources_file: {tmp_path / 'sources.yaml'}\nstate_dir: {tmp_path / 'state'}")
    parameters = BuildParameters.of(load_settings(file), file=file, fetch=True)
    assert isinstance(fetch_first(parameters), SettingsError)
