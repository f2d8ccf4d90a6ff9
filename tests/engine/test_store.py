import multiprocessing
import os
import threading
from pathlib import Path

import pytest

from growthring.engine.snapshot import InputFile, Partition, Snapshot, SnapshotShelf
from growthring.engine.store import Store, write_atomically
from growthring.kernel.errors import GrowthringError


def one_file(text: str):
    def write(folder: Path) -> dict[str, int]:
        (folder / "rows.txt").write_text(text)
        return {"rows": len(text)}

    return write


def test_an_artifact_is_made_once_and_found_again(tmp_path: Path):
    store = Store(tmp_path / "store")
    made = store.build("step/1", ["a"], one_file("abc"))
    found = store.build("step/1", ["a"], lambda folder: pytest.fail("made twice"))
    assert (store.built, store.reused) == (1, 1)
    assert made.path == found.path
    assert found.facts == {"rows": 3}
    assert list(found.contents) == ["rows.txt"]


def test_recipe_and_inputs_decide_which_artifact_it_is(tmp_path: Path):
    store = Store(tmp_path / "store")
    keys = {
        store.build(recipe, inputs, one_file("x")).key
        for recipe, inputs in [
            ("a/1", []),
            ("a/2", []),
            ("a/1", ["b"]),
            ("a/1", ["b", "c"]),
            ("a/1", ["bc"]),
            ("a/1", ["c", "b"]),
        ]
    }
    assert len(keys) == 6


def test_a_failed_step_leaves_nothing_behind(tmp_path: Path):
    store = Store(tmp_path / "store")

    def fail(folder: Path) -> None:
        (folder / "half.txt").write_text("half")
        raise RuntimeError("disk full")

    with pytest.raises(RuntimeError):
        store.build("step/1", ["a"], fail)
    assert list((tmp_path / "store").rglob("*.txt")) == []
    assert store.build("step/1", ["a"], one_file("abc")).contents


def test_an_artifact_appears_with_all_its_files_at_once(tmp_path: Path):
    store = Store(tmp_path / "store")
    seen = []

    def write(folder: Path) -> None:
        for name in ("a", "b"):
            (folder / name).write_text(name)
            seen.append(any((tmp_path / "store" / "objects").rglob("*")) if (tmp_path / "store" / "objects").exists() else False)

    assert sorted(store.build("step/1", [], write).contents) == ["a", "b"]
    assert seen == [False, False]


def test_an_artifact_is_published_by_a_rename_and_never_copied(tmp_path: Path):
    places = []

    def write(folder: Path) -> None:
        places.append(folder.stat().st_ino)

    assert Store(tmp_path / "store").build("step/1", [], write).path.stat().st_ino == places[0]


def test_two_that_make_one_artifact_at_the_same_time_end_with_one(tmp_path: Path):
    meet = threading.Barrier(4)
    made = []

    def work() -> None:
        def write(folder: Path) -> None:
            meet.wait(20)  # all of them are in the middle of making it
            (folder / "rows.txt").write_text("abc")

        made.append(Store(tmp_path / "store").build("step/1", ["a"], write))

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(made) == 4
    assert {each.key for each in made} == {made[0].key}
    assert list(made[0].contents) == ["rows.txt"]
    assert not list((tmp_path / "store").glob("building-*"))


def test_a_sweep_takes_what_the_dead_left_and_spares_the_living(tmp_path: Path):
    dead = multiprocessing.get_context("spawn").Process(target=str)
    dead.start()
    dead.join()
    store = Store(tmp_path)
    for name in (f"building-{dead.pid}-x", f"building-{os.getpid()}-y", "building-odd-z", "objects"):
        (tmp_path / name).mkdir()
    store.sweep()
    assert sorted(path.name for path in tmp_path.iterdir()) == [f"building-{os.getpid()}-y", "objects"]


def test_a_small_file_is_replaced_whole(tmp_path: Path):
    path = tmp_path / "deep" / "HEAD"
    write_atomically(path, "one")
    write_atomically(path, "two")
    assert path.read_text() == "two"
    assert [each.name for each in path.parent.iterdir()] == ["HEAD"]


SNAPSHOT = Snapshot(
    files=(InputFile("invoices", "raw/a.csv", "ab" * 32, 3, 1, 1, 1),),
    partitions=(Partition("invoice_line", "2024-02", "k2", "s2", 1), Partition("invoice_line", "2024-01", "k1", "s1", 1)),
    problems=("k3",),
    mapping="m",
    data_through="2024-02-29",
)


def test_a_published_snapshot_is_the_current_one_and_reads_back(tmp_path: Path):
    shelf = SnapshotShelf(Store(tmp_path))
    assert shelf.current() is None
    shelf.publish(SNAPSHOT)
    assert SnapshotShelf(Store(tmp_path)).current() == SNAPSHOT
    assert shelf.load(SNAPSHOT.snapshot_id) == SNAPSHOT
    with pytest.raises(GrowthringError, match="No snapshot"):
        shelf.load("nothing")


def test_a_snapshot_is_named_by_its_files_its_mapping_and_its_last_day():
    from dataclasses import replace

    others = [
        replace(SNAPSHOT, mapping="n"),
        replace(SNAPSHOT, data_through="2024-02-28"),
        replace(SNAPSHOT, files=(replace(SNAPSHOT.files[0], sha256="cd" * 32),)),
        replace(SNAPSHOT, files=(replace(SNAPSHOT.files[0], path="raw/b.csv"),)),
    ]
    assert len({each.snapshot_id for each in (SNAPSHOT, *others)}) == 5
    assert replace(SNAPSHOT, partitions=()).snapshot_id == SNAPSHOT.snapshot_id
