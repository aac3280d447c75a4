// Figures arrive in pixels of a 1920 wide wall; every size is scaled to the screen before Plotly sees it.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  const draw = ((window.dash_clientside ??= {}).citybrain ??= {});
  const TILE_PX = 512; // the world's width at zoom 0
  const MAP_MARGIN = 0.94;
  const SIZES = new Set(["size", "xshift", "yshift", "ticklen", "borderpad", "text-size", "text-halo-width"]);
  const MARGINS = new Set(["l", "r", "t", "b"]);

  const PHONE_CHART = 0.95;
  const PHONE_MAP = 0.6; // the whole city in a hand: smaller dots

  function factor(isMap) {
    if (citybrain.isPhone()) return isMap ? PHONE_MAP : PHONE_CHART;
    return Math.max(0.7, citybrain.rem() / 16);
  }

  function isSize(name, parent) {
    return SIZES.has(name) || (name === "width" && parent === "line") || (parent === "margin" && MARGINS.has(name));
  }

  // ["interpolate", …, zoom, width, zoom, width]: only the widths are pixels.
  const scaledStops = (stops, by) => stops.map((part, n) => (n >= 4 && n % 2 === 0 ? part * by : part));

  function scaledPart(name, value, by, parent) {
    if (name === "sources") return value;
    if (name === "size" && Array.isArray(value)) return value.map((size) => size * by);
    if (typeof value === "number" && isSize(name, parent)) return value * by;
    if (name === "line-width") return Array.isArray(value) ? scaledStops(value, by) : value * by;
    if (name === "dash" && typeof value === "string") return value.replace(/[\d.]+(?=px)/g, (px) => String(px * by));
    return scaledTree(value, by, name);
  }

  function scaledTree(value, by, parent) {
    if (Array.isArray(value)) {
      return typeof value[0] === "object" ? value.map((part) => scaledTree(part, by, parent)) : value;
    }
    if (value === null || typeof value !== "object") return value;
    return Object.fromEntries(Object.entries(value).map(([name, part]) => [name, scaledPart(name, part, by, parent)]));
  }

  // The zoom at which the bounds just fit into the box, in Mercator's projection.
  function zoomFor([west, south, east, north], box) {
    const mercator = (lat) => Math.log(Math.tan(Math.PI / 4 + (lat * Math.PI) / 360)) / (2 * Math.PI);
    const across = (box.width * MAP_MARGIN) / (TILE_PX * ((east - west) / 360));
    const up = (box.height * MAP_MARGIN) / (TILE_PX * (mercator(north) - mercator(south)));
    return Math.log2(Math.min(across, up));
  }

  function fitMap(figure) {
    const box = document.getElementById("map")?.getBoundingClientRect();
    if (box?.width > 0 && box.height > 0) figure.layout.map.zoom = zoomFor(figure.layout.meta.bounds, box);
    const marker = figure.data[0].marker;
    citybrain.mapBasis = { ids: figure.data[0].customdata.map(([id]) => id), colours: marker.color };
    citybrain.forgetMapColours?.();
  }

  draw.scaled = (raw) => {
    if (!raw) return window.dash_clientside.no_update;
    const isMap = raw.layout.meta?.bounds !== undefined;
    const figure = scaledTree(raw, factor(isMap), "");
    if (isMap) fitMap(figure);
    return figure;
  };
})();
