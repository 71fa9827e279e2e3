"""`make package STAGE=prod`: the template and the zip that CloudFormation deploys, in `dist/`."""

import argparse
import json
import os
import shutil
import sys
from datetime import UTC, datetime

from tools import stage as stages
from tools.bundle import ROOT, Bundle, PackagingError, build
from tools.cron import NoCommonTimeError
from tools.dependencies import DependencyError
from tools.targets import LAMBDA
from tools.template import LOCAL_STAGE, SettingsError, settings_from

DIST = ROOT / "dist"
NO_BYTECODE = (
    f"there is no python{LAMBDA.version} on the PATH, so the package has no bytecode, and every cold start compiles its modules. "
    "It works all the same; for a faster start, install that version and package again"
)


def deployable_stages() -> list[str]:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    return [stage for stage in config["stages"] if stage != LOCAL_STAGE]


def package(stage: str) -> Bundle:
    """Writes `dist/` anew. Raises `SettingsError` and `StageError` before anything is written."""
    settings = settings_from(os.environ, stage=stage, year=datetime.now(UTC).year)
    stages.read(ROOT, stage)
    shutil.rmtree(DIST, ignore_errors=True)
    return build(settings, DIST)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stage", required=True, choices=deployable_stages())
    stage = parser.parse_args().stage
    try:
        bundle = package(stage)
    except (SettingsError, stages.StageError, NoCommonTimeError, PackagingError, DependencyError) as error:
        print(f"make package: {error}", file=sys.stderr)
        return 1
    if not bundle.has_bytecode:
        print(f"make package: {NO_BYTECODE}", file=sys.stderr)
    print(f"{bundle.template.relative_to(ROOT)} and {bundle.zip.relative_to(ROOT)} are ready. To deploy:")
    print(f"  aws cloudformation package --template-file {bundle.template.relative_to(ROOT)} --s3-bucket BUCKET \\")
    print("    --output-template-file dist/packaged.yaml")
    print(f"  aws cloudformation deploy --template-file dist/packaged.yaml --s3-bucket BUCKET --stack-name packages-billing-{stage} \\")
    print("    --capabilities CAPABILITY_IAM")
    return 0


if __name__ == "__main__":
    sys.exit(main())
