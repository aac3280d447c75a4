"""What the demo tells the person at the terminal: zh-CN first, English beside it, one line each."""

from collections.abc import Mapping, Sequence

from rich.console import Console
from rich.panel import Panel
from rich.table import Table

from citybrain.demo.files import Account
from runtime.supervision import ChildDied

CHILDREN: Mapping[str, tuple[str, str]] = {
    "broker": ("消息代理", "broker"),
    "engine": ("引擎", "engine"),
    "web": ("监测墙", "wall"),
    "simulators": ("模拟城市", "simulated city"),
}


class DemoConsole:
    """Progress and events on stderr, so that stdout carries nothing but the closing JSON."""

    def __init__(self) -> None:
        self._console = Console(stderr=True, highlight=False)

    def say(self, zh: str, en: str) -> None:
        self._console.print(f"  {zh}  [dim]{en}[/dim]")

    def warn(self, zh: str, en: str) -> None:
        self._console.print(f"[yellow]! {zh}[/yellow]  [dim]{en}[/dim]")

    def ready(self, name: str, *, after_s: float) -> None:
        zh, en = CHILDREN[name]
        self._console.print(f"  [green]✓[/green] {zh}就绪  [dim]{en} ready[/dim]  {after_s:.1f} s")

    def died(self, death: ChildDied) -> None:
        zh, en = CHILDREN[death.name]
        self.warn(
            f"{zh}（进程 {death.pid}）退出：{death.how}，{death.restart_in_s:g} 秒后重启",
            f"{en} (pid {death.pid}) ended: {death.how}; starting again in {death.restart_in_s:g} s",
        )

    def restarted(self, name: str, pid: int) -> None:
        zh, en = CHILDREN[name]
        self.say(f"{zh}已重启（进程 {pid}）", f"{en} started again (pid {pid})")

    def welcome(self, url: str, accounts: Sequence[Account]) -> None:
        """Where the wall is, and who may see it; printed once."""
        table = Table.grid(padding=(0, 2))
        table.add_row("监测墙 wall", f"[bold cyan]{url}[/bold cyan]", "")
        for account in accounts:
            table.add_row(
                f"{account.zh} {account.en}", f"[bold]{account.name}[/bold]", f"[bold]{account.password}[/bold]"
            )
        table.add_row("", "[dim]Ctrl-C 结束 · to stop[/dim]", "")
        self._console.print(Panel(table, title="citybrain · 城市感知运行监测", border_style="cyan", expand=False))
