// What every other script uses: the words of the page's language, and elements for Dash to draw.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  window.dash_clientside ??= {};
  window.dash_clientside.citybrain ??= {};

  const start = JSON.parse(document.getElementById("citybrain").textContent);
  citybrain.start = start;

  // The text of a key, with {names} filled in.
  citybrain.t = (key, values = {}) => {
    const text = start.words[key];
    if (text === undefined) throw new Error(`no word for ${key}`);
    return text.replace(/\{(\w+)\}/g, (whole, name) => values[name] ?? whole);
  };

  // The own language's half of a bilingual thing: own(alert, "title") is title_zh or title_en; own(road) is zh or en.
  citybrain.own = (thing, name) => thing[name ? `${name}_${start.field}` : start.field];

  // An element as Dash draws it. Text stays text: React escapes it.
  citybrain.el = (type, props = {}, children = undefined) => ({
    namespace: "dash_html_components",
    type,
    props: children === undefined ? props : { ...props, children },
  });

  citybrain.isPhone = () => window.innerWidth < 900;
  citybrain.rem = () => parseFloat(getComputedStyle(document.documentElement).fontSize);
})();
