"""What CloudFormation gets of template.yaml: the SAM transform, run here."""

import copy
import logging
import os

from samtranslator.public.exceptions import InvalidDocumentException
from samtranslator.translator.transform import transform

REGION = "eu-west-1"
# In place of what `sam package` uploads.
BUCKET = "artefacts"
# SAM asks the AWS SDK for the region, to know the partition.
os.environ["AWS_DEFAULT_REGION"] = REGION
logging.getLogger("samtranslator").setLevel(logging.ERROR)


def transformed(template, given):
    """The template as CloudFormation gets it, for a stage with these parameters."""
    document = copy.deepcopy(template)
    for resource in document["Resources"].values():
        if resource["Type"] == "AWS::Serverless::Function":
            crate = resource["Properties"]["CodeUri"].rsplit("/", 1)[-1]
            resource["Properties"]["CodeUri"] = f"s3://{BUCKET}/{crate}.zip"
    defaults = {name: how["Default"] for name, how in template["Parameters"].items() if "Default" in how}
    try:
        return transform(document, defaults | given, None)
    except InvalidDocumentException as error:
        raise SystemExit("\n".join(f"check-template: {it.message}" for it in error.causes)) from error
