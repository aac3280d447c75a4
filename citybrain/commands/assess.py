"""`citybrain assess …`: recorded levels and concentrations judged by the standard's own method."""

import click

from citybrain.commands.assess_air import air
from citybrain.commands.assess_noise import noise
from citybrain.commands.assess_survey import survey


@click.group(name="assess")
def command() -> None:
    """按标准评价实测数据 · Judge recorded measurements by the standard's own method, with clause and edition."""


command.add_command(noise)
command.add_command(air)
command.add_command(survey)
