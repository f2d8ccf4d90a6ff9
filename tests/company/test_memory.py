import subprocess
import sys
from pathlib import Path

_SCRIPT = """
import resource, sys
from pathlib import Path
from growthring.company.simulation import write_company
write_company(Path(sys.argv[1]), accounts=int(sys.argv[2]), months=24)
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def _peak(folder: Path, accounts: int) -> int:
    done = subprocess.run([sys.executable, "-c", _SCRIPT, str(folder), str(accounts)], check=True, capture_output=True, text=True)
    return int(done.stdout)


def test_ten_times_the_accounts_need_hardly_more_memory(tmp_path):
    small, large = _peak(tmp_path / "small", 2_000), _peak(tmp_path / "large", 20_000)
    assert large < 1.3 * small


def test_importing_the_package_loads_no_heavy_library():
    script = "import sys, growthring.company.simulation; print(*({'numpy', 'pyarrow', 'duckdb'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == ""
