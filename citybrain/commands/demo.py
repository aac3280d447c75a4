"""`citybrain demo`."""

from pathlib import Path

import click

from citybrain.demo.running import DemoOptions, run_demo
from config.durations import parse_duration


class Duration(click.ParamType[float]):
    """60s, 5m, 2h."""

    name = "duration"

    def convert(self, value: object, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            return value if isinstance(value, float) else parse_duration(value)
        except ValueError as exc:
            self.fail(str(exc), param, ctx)


@click.command(name="demo")
@click.option("--port", type=click.IntRange(1, 65535), help="of the wall; default 8050, or the next free one · 端口")
@click.option(
    "--data",
    type=click.Path(path_type=Path, file_okay=False),
    help="keep the data here and go on with it; default: ./demo-data, made anew at each start · 数据目录",
)
@click.option("--seed", type=int, default=1, show_default=True, help="same seed, same city and feed · 随机种子")
@click.option("--speed", type=click.FloatRange(0.1, 600), default=1.0, show_default=True, help="of time · 倍速")
@click.option("--scenario", default="demo", show_default=True, help="demo, calm, storm, smog, blackout, or a file")
@click.option("--no-browser", is_flag=True, help="do not open the wall in a browser · 不打开浏览器")
@click.option("--exit-after", type=Duration(), help="end by itself, such as 60s, with a JSON summary · 定时结束")
def command(  # noqa: PLR0913  the options of a command line are its parameters
    *,
    port: int | None,
    data: Path | None,
    seed: int,
    speed: float,
    scenario: str,
    no_browser: bool,
    exit_after: float | None,
) -> None:
    """模拟城市、引擎与监测墙，一条命令 · A simulated city, the engine and the wall, with one command.

    Starts an embedded MQTT broker, the engine, the wall and the simulators as supervised processes, and prints where
    the wall is and the login that it made. Ctrl-C ends all of it.
    """
    run_demo(
        DemoOptions(
            port=port,
            data=data,
            seed=seed,
            speed=speed,
            scenario=scenario,
            browser=not no_browser,
            exit_after_s=exit_after,
        )
    )
