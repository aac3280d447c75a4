"""`citybrain assess …`: recorded levels, concentrations and cases judged by the standard's own method."""

import click

from citybrain.commands.assess_air import air
from citybrain.commands.assess_cases import cases
from citybrain.commands.assess_noise import noise
from citybrain.commands.assess_survey import survey


@click.group(name="assess")
def command() -> None:
    """按标准评价实测数据与案卷 · Judge recorded measurements and cases by the standard's own method and edition."""


command.add_command(noise)
command.add_command(air)
command.add_command(survey)
command.add_command(cases)
