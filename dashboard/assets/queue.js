// The alert queue: as many rows as fit, worst first, and an honest line about those that do not.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  const draw = ((window.dash_clientside ??= {}).citybrain ??= {});
  const ROW_REM = 5.3;
  const MORE_REM = 2.4;
  const ROWS_ON_PHONE = 8;
  const SEVERITIES = ["red", "yellow", "white"];

  function rowsThatFit(total) {
    if (citybrain.isPhone()) return ROWS_ON_PHONE;
    const box = document.getElementById("queue");
    const height = box === null ? 0 : box.clientHeight / citybrain.rem();
    const all = Math.floor(height / ROW_REM);
    return Math.max(3, total <= all ? all : Math.floor((height - MORE_REM) / ROW_REM));
  }

  function facts(alert) {
    const { el, t } = citybrain;
    const parts = [];
    if (alert.comparison === "=") return parts; // a state, such as a cover that is open: the title says it
    if (alert.value !== null) parts.push(el("B", {}, citybrain.quantity(alert.value, alert.unit)));
    if (alert.limit !== null) {
      parts.push(el("Span", { className: "limit" }, `${t("alert.limit")} ${citybrain.bound(alert.comparison, alert.limit, alert.unit)}`));
    }
    return parts;
  }

  function state(alert) {
    const { el, t } = citybrain;
    const isUnknown = alert.condition === "unknown";
    return el("Span", { className: `state ${alert.state}` }, isUnknown ? t("state.no_evidence") : t(`state.${alert.state}`));
  }

  function row(alert, now) {
    const { el, t, own } = citybrain;
    const [kind, device] = alert.target.split(/:(.*)/s);
    const lasted = citybrain.duration(Math.max(0, (now - alert.opened_at) / 1000));
    const times = [el("Span", { className: "lasted" }, lasted), el("B", { className: "time" }, citybrain.dayTime(alert.opened_at))];
    const where = [el("Span", { className: "place" }, own(alert, "place"))];
    if (kind === "device") where.push(el("Span", { className: "device" }, device));
    const line = (left, right) => el("Span", { className: "line" }, [left, right]);
    const lines = [
      el("Span", { className: "line" }, el("Strong", { title: own(alert, "title") }, own(alert, "title"))),
      line(el("Span", { className: "facts" }, facts(alert)), state(alert)),
      line(el("Span", { className: "where" }, where), el("Span", { className: "times" }, times)),
    ];
    const href = `/alerts/${encodeURIComponent(alert.id)}`;
    const link = el("A", { href, className: `alert ${alert.severity} ${alert.state}` }, [
      el("Span", { className: `chip ${alert.severity}` }, t(`severity.${alert.severity}`)),
      el("Span", { className: "lines" }, lines),
    ]);
    return el("Li", { key: alert.id }, link);
  }

  function more(hidden, rest) {
    const { el, t, number } = citybrain;
    const counts = SEVERITIES.filter((severity) => rest[severity] > 0).map((severity) =>
      el("Span", { className: `count ${severity}` }, `${t(`severity.${severity}`)} ${number(rest[severity])}`),
    );
    return el("A", { className: "more", href: "/alerts" }, [el("Span", {}, [t("queue.more"), " ", el("B", {}, number(hidden))]), ...counts]);
  }

  draw.queue = (frame) => {
    const { el, t } = citybrain;
    if (!frame?.picture) return frame ? el("P", { className: "notice" }, t("queue.waiting")) : window.dash_clientside.no_update;
    const { alerts, alerts_total: total, supervision, at, indicators } = frame.picture;
    if (total === 0) {
      const detail = indicators.online.of === 0 ? t("queue.no_devices") : t("queue.empty_detail");
      return el("Div", { className: "nothing" }, [el("Strong", {}, t("queue.empty")), el("Span", {}, detail)]);
    }
    const shown = alerts.slice(0, rowsThatFit(total));
    const rest = { ...supervision };
    shown.forEach((alert) => (rest[alert.severity] -= 1));
    const list = el("Ol", { role: "list" }, shown.map((alert) => row(alert, at)));
    return total > shown.length ? [list, more(total - shown.length, rest)] : [list];
  };
})();
