// Decides when a page must be read anew from the server, so that the stream does not make it do so twice a second.
(function () {
  "use strict";
  const draw = ((window.dash_clientside ??= {}).citybrain ??= {});
  const PAUSE_MS = 2000;
  const last = { alerts: -Infinity, system: -Infinity };

  const same = () => window.dash_clientside.no_update;

  function isEarly(what) {
    if (performance.now() - last[what] < PAUSE_MS) return true;
    last[what] = performance.now();
    return false;
  }

  // A key that changes with any move of any open alert, and when the engine comes or goes.
  draw.newsOfAlerts = (frame, known) => {
    if (!frame?.picture) return same();
    const moves = frame.picture.alerts.map((alert) => `${alert.id}${alert.state}${alert.condition}${alert.changed_at}`);
    const key = [frame.connected, frame.picture.alerts_total, ...moves].join(" ");
    return key === known || isEarly("alerts") ? same() : key;
  };

  draw.newsOfSystem = (frame) => (!frame || isEarly("system") ? same() : Math.round(performance.now()));

  draw.newsOfTrends = (frame, known) =>
    !frame || frame.trends_version === known || frame.trends_version === null ? same() : frame.trends_version;
})();
