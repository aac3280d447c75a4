"""A command that lists what there is by itself, and has others below it."""

import click

LIST = "list"


class ListingGroup(click.Group):
    """`citybrain things --json` is `citybrain things list --json`: whatever names no command below goes to `list`."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        asks_for_help = bool(args) and args[0] in ctx.help_option_names
        if not asks_for_help and (not args or args[0] not in self.commands):
            args = [LIST, *args]
        return super().parse_args(ctx, args)
