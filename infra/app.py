"""The CDK app of one stage. ``build`` is called by the ``cdk`` command, by ``make synth`` and by the console.

As a program it reads the stage from the CDK context: ``-c stage=prod -c emails=a@b.com,c@d.com -c phones=+44…
-c operators=ops@b.com``.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Final

from infra.bundling import Bundle, BundleError, Target, bundle
from infra.bytecode import Progress
from infra.node import use_own_node
from infra.stages import DEFAULT_STAGE, Stage, StageError, choose

if TYPE_CHECKING:
    from aws_cdk import App
    from aws_cdk.cx_api import CloudAssembly

RECIPIENTS: Final = ("emails", "phones", "operators")


def build(
    stage: Stage, outdir: Path, *, target: Target = Target.LAMBDA, progress: Progress = lambda _: None
) -> CloudAssembly:
    """Synthesise both stacks of ``stage`` into ``outdir`` and return the cloud assembly.

    Needs neither AWS credentials nor Docker nor a Node of the machine. Only the code's bundle differs by ``target``;
    the templates are the same but for its hash.

    Raises:
        BundleError: the functions' packages cannot be installed, or a module does not compile.
    """
    return app_of(stage, outdir, bundle(target, progress=progress)).synth()


def app_of(stage: Stage, outdir: Path, code: Bundle) -> App:
    """Return the app before synthesis, for those who want to add validations to it."""
    use_own_node()  # before aws_cdk, whose import starts Node
    from aws_cdk import App, AssetHashType, Tags, aws_lambda

    from infra.app_stack import AppStack
    from infra.data_stack import DataStack

    app = App(
        outdir=str(outdir),
        # The templates hold what we wrote and nothing else, wherever they are made.
        analytics_reporting=False,
        # One statement where several say the same: roles stay readable.
        context={"@aws-cdk/aws-iam:minimizePolicies": True},
    )
    data = DataStack(app, f"{stage.prefix}data", stage=stage)
    zipped = aws_lambda.Code.from_asset(str(code.path), asset_hash=code.digest, asset_hash_type=AssetHashType.CUSTOM)
    AppStack(app, f"{stage.prefix}app", stage=stage, data=data, code=zipped)
    Tags.of(app).add("project", "nightjar")
    Tags.of(app).add("stage", stage.name)
    return app


def _context(arguments: Sequence[str]) -> Mapping[str, str]:
    """Return what ``cdk -c`` passes in ``CDK_CONTEXT_JSON``, overridden by our own ``-c KEY=VALUE``."""
    given = {key: str(value) for key, value in json.loads(os.environ.get("CDK_CONTEXT_JSON", "{}")).items()}
    for argument in arguments:
        key, equals, value = argument.partition("=")
        if not equals or key not in {"stage", *RECIPIENTS}:
            raise StageError(
                f"-c {key} is not understood. Write -c KEY=VALUE with a KEY of: stage, {', '.join(RECIPIENTS)}."
            )
        given[key] = value
    return given


def main(arguments: Sequence[str] | None = None) -> int:
    """Synthesise the stage that the context names. 0 when it is done, 2 when the call or the stage is wrong."""
    parser = argparse.ArgumentParser(prog="python -m infra.app", description="Synthesise Nightjar's stacks.")
    parser.add_argument("-c", action="append", default=[], metavar="KEY=VALUE", dest="context")
    parser.add_argument("--outdir", type=Path, default=Path(os.environ.get("CDK_OUTDIR", "cdk.out")))
    options = parser.parse_args(arguments)

    def say(text: str) -> None:
        sys.stderr.write(f"nightjar: {text}\n")

    try:
        context = _context(options.context)
        recipients = {name: _listed(context[name]) for name in RECIPIENTS if name in context}
        stage = choose(context.get("stage", DEFAULT_STAGE), recipients=recipients)
        code = bundle(Target.LAMBDA, progress=say)
        if code.not_compiled:
            say(f"WARNING: no bytecode in the bundle, so functions start slower. {code.not_compiled}")
        app_of(stage, options.outdir, code).synth()
    except (StageError, BundleError) as error:
        say(str(error))
        return 2
    say(f"the templates of stage {stage.name} are in {options.outdir}")
    return 0


def _listed(text: str) -> list[str]:
    return [part for part in (part.strip() for part in text.split(",")) if part]


if __name__ == "__main__":
    sys.exit(main())
