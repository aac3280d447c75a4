// Lamps lit by road, drawn from each road's own target: a bar from zero would hide the difference between 94 and 99.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  const draw = ((window.dash_clientside ??= {}).citybrain ??= {});
  const ROW_REM = 2.05;
  const AXIS_REM = 1.9;
  const MORE_REM = 1.9;
  const ROWS_ON_PHONE = 10;

  function rowsThatFit(total) {
    if (citybrain.isPhone()) return ROWS_ON_PHONE;
    const box = document.getElementById("lamps");
    const height = box === null ? 0 : box.clientHeight / citybrain.rem() - AXIS_REM;
    const all = Math.floor(height / ROW_REM);
    return Math.max(3, total <= all ? all : Math.floor((height - MORE_REM) / ROW_REM));
  }

  // The scale does not follow one dark road: the others' differences would vanish. Its value is written beside it.
  const SCALE_START = 90;
  const place = (rate) => ((Math.max(rate, SCALE_START) - SCALE_START) / (100 - SCALE_START)) * 100;

  function row(road) {
    const { el, t, number, own } = citybrain;
    const [from, to] = [place(road.rate), place(road.target)];
    const isMet = road.rate >= road.target;
    const isBelowScale = road.rate < SCALE_START;
    const stem = { left: `${Math.min(from, to)}%`, width: `${Math.abs(to - from)}%` };
    const label = `${own(road)} ${number(road.rate, 1)} %, ${t("lamps.target")} ${road.target} %`;
    return el("Li", { key: road.id, className: isMet ? "met" : "missed", title: label }, [
      el("Span", { className: "road" }, own(road)),
      el("Span", { className: "track", "aria-hidden": "true" }, [
        el("I", { className: "stem", style: stem }),
        el("I", { className: "goal", style: { left: `${to}%` } }),
        el("I", { className: isBelowScale ? "dot beyond" : "dot", style: { left: `${from}%` } }),
      ]),
      el("B", {}, number(road.rate, 1)),
      el("Small", {}, road.offline ? `${t("lamps.offline")} ${road.offline}` : ""),
    ]);
  }

  function axis() {
    const { el } = citybrain;
    const marks = [SCALE_START, 95, 100];
    const ticks = marks.map((mark) => el("Span", { style: { left: `${place(mark)}%` } }, citybrain.plain(mark)));
    return el("Div", { className: "axis", "aria-hidden": "true" }, [el("Span", {}), el("Div", {}, ticks)]);
  }

  function byDay() {
    const { el, t } = citybrain;
    return el("Div", { className: "nothing" }, [el("Strong", {}, t("lamps.day")), el("Span", {}, t("lamps.day_detail"))]);
  }

  draw.lamps = (frame) => {
    if (!frame?.picture) return window.dash_clientside.no_update;
    const { el, t, number } = citybrain;
    const roads = frame.picture.lamp_roads;
    if (roads.length === 0) return el("P", { className: "notice" }, t("lamps.none"));
    const known = roads.filter((road) => road.rate !== null).sort((a, b) => a.rate - a.target - (b.rate - b.target));
    if (known.length === 0) {
      return roads.every((road) => road.due === 0) ? byDay() : el("P", { className: "notice" }, t("lamps.unknown"));
    }
    const shown = known.slice(0, rowsThatFit(known.length));
    const rest = known.slice(shown.length);
    const parts = [el("Ol", { role: "list" }, shown.map(row)), axis()];
    if (rest.length > 0) {
      const lowest = `${number(Math.min(...rest.map((road) => road.rate)), 1)} %`;
      parts.push(el("P", { className: "more" }, t("lamps.more", { count: rest.length, rate: lowest })));
    }
    return parts;
  };
})();
