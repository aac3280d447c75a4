// The feeds with their ledger: received must equal stored + duplicate + quarantined + late, and the wall says whether it does.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  const draw = ((window.dash_clientside ??= {}).citybrain ??= {});
  const SMALL_FATES = ["duplicate", "quarantined", "late"];
  const EVIDENCE = { noise: "noise_over", air: "pm2_5", lamps: "lamps_lit", covers: "covers" };
  const BEHIND_TOLD_AFTER_S = 5;

  function balance(feed) {
    const { el, t, number } = citybrain;
    if (feed.imbalance === 0) return el("Span", { className: "verdict good" }, `✓ ${t("feeds.balanced")}`);
    return el("Span", { className: "verdict bad" }, `✗ ${t("feeds.imbalance")} ${number(feed.imbalance)}`);
  }

  function store(feed) {
    const { el, t } = citybrain;
    if (!feed.store_ok) return el("Span", { className: "verdict bad" }, `✗ ${t("feeds.store_away")}`);
    if (feed.store_behind_s > BEHIND_TOLD_AFTER_S) {
      return el("Span", { className: "verdict late" }, t("feeds.store_behind", { age: citybrain.duration(feed.store_behind_s) }));
    }
    return el("Span", { className: "verdict good" }, `✓ ${t("feeds.store_ok")}`);
  }

  function last(feed, now) {
    const { t, duration } = citybrain;
    return feed.last_message === null ? "" : `${t("feeds.last")} ${t("tile.age", { age: duration((now - feed.last_message) / 1000) })}`;
  }

  function block(feed, now) {
    const { el, t, number, plain } = citybrain;
    const connection = feed.connected ? t("feeds.connected") : t("feeds.disconnected");
    const term = (name, sign) =>
      el("Span", { className: `term ${name}` }, [el("I", {}, sign), el("B", {}, number(feed[name])), el("Small", {}, t(`feeds.${name}`))]);
    return el("Div", { key: feed.id, className: "feed" }, [
      el("Div", { className: "feed-head" }, [
        el("Span", { className: `link ${feed.connected ? "good" : "bad"}` }, [el("I", {}), el("B", {}, feed.id), el("Span", {}, connection)]),
        el("Span", { className: "rate" }, [el("B", {}, plain(feed.per_s)), ` ${t("feeds.per_s")}`]),
      ]),
      el("Div", { className: "equation" }, [
        el("Div", {}, [term("received", ""), term("stored", "=")]),
        el("Div", {}, SMALL_FATES.map((fate) => term(fate, "+"))),
      ]),
      el("Div", { className: "verdicts" }, [balance(feed), store(feed), el("Span", { className: "last" }, last(feed, now))]),
    ]);
  }

  // How old the newest reading of each kind is, as the indicators know it.
  function ages(indicators) {
    const { el, t, duration } = citybrain;
    const cells = Object.entries(EVIDENCE).map(([key, indicator]) => {
      const age = indicators[indicator].age_s ?? null;
      const shown = age === null ? "—" : duration(age + (citybrain.ageNow() ?? 0));
      return el("Span", { key }, [el("Small", {}, t(`age.${key}`)), el("B", {}, shown)]);
    });
    return el("Div", { className: "ages", key: "ages" }, [el("Span", { className: "ages-name" }, t("feeds.ages")), ...cells]);
  }

  draw.feeds = (frame) => {
    if (!frame?.picture) return window.dash_clientside.no_update;
    const { feeds, at, indicators } = frame.picture;
    if (feeds.length === 0) return citybrain.el("P", { className: "notice" }, citybrain.t("feeds.none"));
    const now = citybrain.cityNow() ?? at; // not `at`: in a lost picture the last message is older than it was then
    return [...feeds.map((feed) => block(feed, now)), ages(indicators)];
  };
})();
