// The row of figures on top: the supervision counts, and the indicators with their targets and the age of their evidence.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  const draw = ((window.dash_clientside ??= {}).citybrain ??= {});
  const SEVERITIES = ["red", "yellow", "white"];

  // Older evidence than this is told (seconds): three times the usual interval of the devices behind it.
  const TELL_AGE_AFTER_S = { lamps_lit: 900, noise_over: 180, pm2_5: 180, covers: 3600 };

  function supervision(severity, count) {
    const { el, t } = citybrain;
    return el("Div", { className: `tile supervision ${severity}${count === 0 ? " none" : ""}`, key: severity }, [
      el("Span", { className: "flag", "aria-hidden": "true" }, t(`severity.${severity}`)),
      el("Div", {}, [
        el("Div", { className: "tile-name" }, t(`supervision.${severity}`)),
        el("Div", { className: "tile-value" }, citybrain.number(count)),
      ]),
    ]);
  }

  function indicator(name, known, { value, unit = "", notes = [] }) {
    const { el, t, number } = citybrain;
    const verdict = known.good === false ? "missed" : known.good === true ? "met" : "unknown";
    const age = (known.age_s ?? 0) + (citybrain.ageNow() ?? 0);
    const isUnheard = known.age_s === null && known.value !== null; // remembered from before a restart
    const isOld = isUnheard || (known.age_s !== undefined && known.age_s !== null && age > TELL_AGE_AFTER_S[name]);
    const since = isUnheard ? t("tile.unheard") : t("tile.age", { age: citybrain.duration(age) });
    const told = isOld ? [...notes.slice(0, 1), since] : notes;
    const shown = known.value === null ? number(null) : value;
    return el("Div", { className: `tile ${verdict}${isOld ? " old" : ""}`, key: name }, [
      el("Div", { className: "tile-name" }, t(`tile.${name}`)),
      el("Div", { className: "tile-value" }, [shown, el("Span", { className: "unit" }, known.value === null ? "" : unit)]),
      el("Div", { className: "tile-notes" }, told.map((note) => el("Span", {}, note))),
    ]);
  }

  function lampsLit(known, roads) {
    const { t, number, plain } = citybrain;
    const target = `${t("tile.target")} ≥ ${plain(known.target)}%`;
    const isByDay = roads.length > 0 && known.due === 0;
    const reason = roads.length === 0 ? t("tile.no_devices") : isByDay ? t("tile.no_lamp_due") : t("tile.no_reading");
    const counts = t("tile.lit_of_due", { lit: number(known.lit), due: number(known.due) });
    const notes = known.value === null ? [reason] : [target, counts];
    return indicator("lamps_lit", known, { value: number(known.value, 1), unit: "%", notes });
  }

  function counted(name, known) {
    const { t, number } = citybrain;
    const reason = known.of === 0 ? t("tile.no_devices") : t("tile.no_reading");
    const notes = known.value === null ? [reason] : [`${t("tile.of")} ${number(known.of)}`];
    return indicator(name, known, { value: number(known.value), notes });
  }

  function particles(known) {
    const { t, number, plain } = citybrain;
    const notes = known.value === null ? [t("tile.no_reading")] : [`${t("tile.limit")} ${plain(known.limit)}`];
    return indicator("pm2_5", known, { value: number(known.value), unit: "µg/m³", notes });
  }

  function online(known) {
    const { t, number, plain } = citybrain;
    const target = `${t("tile.target")} ≥ ${plain(known.target)}%`;
    const notes = known.of === 0 ? [t("tile.no_devices")] : [target, `${t("tile.of")} ${number(known.of)}`];
    return indicator("online", known, { value: number(known.value, 1), unit: "%", notes });
  }

  draw.tiles = (frame) => {
    if (!frame?.picture) return window.dash_clientside.no_update;
    const known = frame.picture.indicators;
    return [
      ...SEVERITIES.map((severity) => supervision(severity, frame.picture.supervision[severity])),
      lampsLit(known.lamps_lit, frame.picture.lamp_roads),
      counted("noise_over", known.noise_over),
      particles(known.pm2_5),
      counted("covers", known.covers),
      online(known.online),
      counted("unacknowledged", known.unacknowledged),
    ];
  };
})();
