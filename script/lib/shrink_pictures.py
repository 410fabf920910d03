"""Gives pictures a palette: as small as screens of plain colors can be."""

from pathlib import Path
import sys

from PIL import Image


def main(folder: Path) -> None:
    """Shrink all pictures of a folder."""
    for path in sorted(folder.glob("*.png")):
        with Image.open(path) as picture:
            small = picture.convert("RGB").quantize(colors=192, dither=Image.Dither.NONE)
        small.save(path, optimize=True)
        print(f"{path.name}: {path.stat().st_size / 1024:.0f} kB")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
