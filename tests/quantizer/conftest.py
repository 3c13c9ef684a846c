import pytest
from large_model import large_model


@pytest.fixture(scope="session")
def three_gb(tmp_path_factory):
    folder = tmp_path_factory.mktemp("three_gb")
    yield large_model(folder, rows=1 << 17, width=2048, hidden=1 << 15, pairs=4)
    (folder / "large.data").unlink()
