"""Write what each key of the config means into config/README.md, from schema.yaml and config.yaml beside it."""

import argparse
from pathlib import Path

from leadline.config import read_yaml
from leadline.config_keys import BEGIN, END, document, replaced
from leadline.errors import LeadlineError
from leadline.files import written_whole
from leadline.log import run


def main() -> None:
    """Parse the command line and write the keys between the two lines that mark them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--config", type=Path, default=Path("config"), help="folder of the config")
    folder = parser.parse_args().config
    readme = folder / "README.md"
    text = readme.read_text()
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise LeadlineError(f"{readme}: expected the lines {BEGIN} and {END} once each")
    keys = document(read_yaml(folder / "schema.yaml"), read_yaml(folder / "config.yaml"))
    with written_whole(readme) as aside:
        aside.write_text(replaced(text, keys))


if __name__ == "__main__":
    run(main)
