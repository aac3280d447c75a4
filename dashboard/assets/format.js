// Numbers, durations and times as people read them, in the language of the page and the city's zone of time.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  const NOTHING = "—";
  const COMPLIANT = { "<": "<", "<=": "≤", ">=": "≥", ">": ">", "=": "=" };

  const isChinese = () => citybrain.start.field === "zh";
  const two = (n) => String(n).padStart(2, "0");

  citybrain.number = (value, decimals = 0) =>
    value === null || value === undefined
      ? NOTHING
      : value.toLocaleString("en-US", { minimumFractionDigits: decimals, maximumFractionDigits: decimals });

  // Without needless decimals: 57.3, 50; small numbers need more: a well of 1.46 m under a limit of 1.5 m is no 1.5 m.
  citybrain.plain = (value) =>
    value === null || value === undefined
      ? NOTHING
      : value.toLocaleString("en-US", { maximumFractionDigits: Math.abs(value) < 10 ? 2 : 1 });

  citybrain.quantity = (value, unit) => {
    if (unit === "s") return citybrain.duration(value);
    if (unit === "°") return `${citybrain.plain(value)}°`; // degrees of an angle stand close
    return unit && unit !== "1" ? `${citybrain.plain(value)} ${unit}` : citybrain.plain(value);
  };

  citybrain.bound = (comparison, limit, unit) => {
    const shown = unit === "s" ? citybrain.duration(limit) : citybrain.plain(limit);
    return `${COMPLIANT[comparison] ?? comparison} ${shown}`;
  };

  // The one or two largest units of a span in seconds.
  citybrain.duration = (seconds) => {
    const [d, h, m, s] = isChinese() ? [" 天", " 时", " 分", " 秒"] : [" d", " h", " min", " s"];
    if (seconds < 60) return `${Math.max(0, Math.round(seconds))}${s}`;
    const minutes = Math.floor(seconds / 60);
    const hours = Math.floor(minutes / 60);
    if (hours < 1) return `${minutes}${m}`;
    if (hours < 24) return `${hours}${h} ${two(minutes % 60)}${m}`;
    return `${Math.floor(hours / 24)}${d} ${hours % 24}${h}`;
  };

  const formats = new Map();
  const format = (name, options) => {
    if (!formats.has(name)) {
      const locale = isChinese() ? "zh-CN" : "en-GB";
      formats.set(name, new Intl.DateTimeFormat(locale, { timeZone: citybrain.start.timezone, ...options }));
    }
    return formats.get(name);
  };

  citybrain.clockTime = (at) =>
    format("clock", { hour: "2-digit", minute: "2-digit", second: "2-digit", hourCycle: "h23" }).format(at);
  citybrain.dayTime = (at) => format("day", { hour: "2-digit", minute: "2-digit", hourCycle: "h23" }).format(at);
  citybrain.date = (at) => {
    const month = isChinese() ? "long" : "short";
    const weekday = isChinese() ? "long" : "short";
    return format("date", { year: "numeric", month, day: "numeric", weekday }).format(at);
  };
})();
