"""Inspects image files: inspect_images.py MODEL IMAGE..."""

import sys

import aecsad


def main() -> int:
    if len(sys.argv) < 3:
        print("usage: inspect_images.py MODEL IMAGE...", file=sys.stderr)
        return 2
    with aecsad.Detector(sys.argv[1]) as detector:
        print(detector)
        for path in sys.argv[2:]:
            result = detector.inspect(path)
            print(f"{path}: {result}")
            for finding in result.findings:
                print(f"  {finding}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
