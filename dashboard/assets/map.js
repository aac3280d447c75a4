// Alerts as pins over the map, placed so that no label covers another; silent devices turned grey now and then.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  const draw = ((window.dash_clientside ??= {}).citybrain ??= {});
  const MOST_PINS = 40;
  const RESTYLE_EVERY_MS = 10_000; // a change of markers draws the whole map again
  const OFFLINE = "#5A6874";
  const LABELLED_UNITS = ["dB(A)", "µg/m³", "%"];
  const SIDES = ["right", "left", "above", "below"];

  let alerts = [];
  let map = null;
  const pins = new Map();
  let greyed = "";
  let restyledAt = -Infinity;

  const graph = () => document.querySelector("#map .js-plotly-plot");

  // Plotly keeps MapLibre's map in a private place; the version of plotly is pinned and a browser test watches this.
  const mapOf = (plot) => plot?._fullLayout?.map?._subplot?.map ?? null;

  function label(alert) {
    const isMeasured = alert.value !== null && LABELLED_UNITS.includes(alert.unit);
    return isMeasured ? citybrain.quantity(alert.value, alert.unit) : citybrain.own(alert, "title");
  }

  function pinOf(alert, box) {
    let pin = pins.get(alert.id);
    if (pin === undefined || !pin.isConnected) {
      pin = document.createElement("a");
      pin.href = `/alerts/${encodeURIComponent(alert.id)}`;
      pin.tabIndex = -1; // the queue holds the same links in reading order
      pin.append(document.createElement("i"), document.createElement("b"));
      box.append(pin);
      pins.set(alert.id, pin);
    }
    pin.className = `pin ${alert.severity} ${alert.state}`;
    pin.title = `${citybrain.own(alert, "title")} · ${citybrain.own(alert, "place")}`;
    pin.lastChild.textContent = label(alert);
    return pin;
  }

  function rectangle(side, point, { width, height }, gap) {
    const left = { right: point.x + gap, left: point.x - gap - width }[side] ?? point.x - width / 2;
    const top = { above: point.y - gap - height, below: point.y + gap }[side] ?? point.y - height / 2;
    return { left, top, right: left + width, bottom: top + height };
  }

  const overlaps = (a, b) => a.left < b.right && a.right > b.left && a.top < b.bottom && a.bottom > b.top;
  const isInside = (a, box) => a.left >= 0 && a.top >= 0 && a.right <= box.clientWidth && a.bottom <= box.clientHeight;

  function labelPin(pin, point, taken, box) {
    const text = pin.lastChild;
    text.hidden = false;
    const size = { width: text.offsetWidth, height: text.offsetHeight };
    const gap = citybrain.rem() * 0.95;
    for (const side of SIDES) {
      const place = rectangle(side, point, size, gap);
      if (isInside(place, box) && !taken.some((other) => overlaps(place, other))) {
        pin.dataset.side = side;
        taken.push(place);
        return;
      }
    }
    text.hidden = true;
  }

  function dot(point) {
    const half = citybrain.rem() * 0.7;
    return { left: point.x - half, right: point.x + half, top: point.y - half, bottom: point.y + half };
  }

  function placePins() {
    const box = document.getElementById("pins");
    if (map === null || box === null) return;
    const shown = alerts.filter((alert) => alert.lon !== null).slice(0, MOST_PINS);
    const points = shown.map((alert) => map.project([alert.lon, alert.lat]));
    const taken = points.map(dot); // a label may hide no other pin
    shown.forEach((alert, n) => {
      const pin = pinOf(alert, box);
      pin.style.transform = `translate(${points[n].x}px, ${points[n].y}px)`;
      if (alert.severity === "white" || alert.state === "returned") pin.lastChild.hidden = true;
      else labelPin(pin, points[n], taken, box);
    });
    const living = new Set(shown.map((alert) => alert.id));
    for (const [id, pin] of pins) {
      if (!living.has(id)) {
        pin.remove();
        pins.delete(id);
      }
    }
  }

  function greyOffline(plot, offline) {
    const key = offline.join(" ");
    const basis = citybrain.mapBasis;
    if (basis === undefined || key === greyed || performance.now() - restyledAt < RESTYLE_EVERY_MS) return;
    greyed = key;
    restyledAt = performance.now();
    const silent = new Set(offline);
    const colours = basis.colours.map((colour, n) => (silent.has(basis.ids[n]) ? OFFLINE : colour));
    window.Plotly.restyle(plot, { "marker.color": [colours] }, [0]);
  }

  function attach(offline, triesLeft) {
    const plot = graph();
    const found = mapOf(plot);
    if (found === null) {
      if (triesLeft > 0) setTimeout(() => attach(offline, triesLeft - 1), 250);
      return;
    }
    if (found !== map) {
      map = found;
      map.on("move", placePins);
      map.on("resize", placePins);
    }
    placePins();
    if (found.isStyleLoaded()) greyOffline(plot, offline);
  }

  // A figure that was drawn anew shows its own colours again.
  citybrain.forgetMapColours = () => {
    greyed = "";
    restyledAt = -Infinity;
  };

  draw.pins = (frame) => {
    if (frame?.picture) {
      alerts = frame.picture.alerts;
      attach(frame.picture.offline, 40);
    }
    return window.dash_clientside.no_update;
  };
})();
