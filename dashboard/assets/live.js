// Follows the stream and never hides how old the picture is: live, stale after 3 s, lost after 10 s.
(function () {
  "use strict";
  const citybrain = (window.citybrain ??= {});
  const STALE_AFTER_S = 3;
  const LOST_AFTER_S = 10;
  const REOPEN_AFTER_MS = 2500;
  const FEED_MISSED_AFTER_MS = 10_000; // shorter interruptions are everyday

  let frame = null;
  let receivedAt = 0; // performance.now(), which no change of the machine's clock moves
  let source = null;
  const disconnectedSince = new Map(); // feed to performance.now()

  // Seconds since the engine made the picture; null before the first.
  citybrain.ageNow = () =>
    frame === null || frame.age_s === null ? null : frame.age_s + (performance.now() - receivedAt) / 1000;

  // The city's clock runs on while data is missing: only the data is old.
  citybrain.cityNow = () =>
    frame === null || frame.picture === null
      ? null
      : frame.picture.at + citybrain.ageNow() * 1000 * citybrain.start.speed;

  citybrain.freshness = () => {
    const age = citybrain.ageNow();
    if (age === null) return frame === null ? "waiting" : "lost";
    if (age >= LOST_AFTER_S) return "lost";
    return age >= STALE_AFTER_S ? "stale" : "live";
  };

  function take(text) {
    const fresh = JSON.parse(text);
    if (fresh.edition !== citybrain.start.edition) {
      location.reload(); // another city or another version of the wall: this page cannot draw it
      return;
    }
    frame = fresh;
    receivedAt = performance.now();
    noteFeeds(frame.picture?.feeds ?? []);
    window.dash_clientside.set_props("live", { data: frame });
    show();
  }

  function open() {
    if (source !== null) return;
    source = new EventSource("/stream");
    source.onmessage = (message) => take(message.data);
    source.onerror = () => {
      if (source !== null && source.readyState === EventSource.CLOSED) reopen();
    };
  }

  function close() {
    if (source !== null) source.close();
    source = null;
  }

  // The browser gives up when it is refused: because the session ended, or because the server is just starting.
  async function reopen() {
    close();
    try {
      const answer = await fetch("/", { headers: { Accept: "text/html" }, redirect: "manual", cache: "no-store" });
      if (answer.type === "opaqueredirect") {
        location.assign("/login");
        return;
      }
    } catch (problem) {
      console.info("server not reached, trying again", String(problem));
    }
    setTimeout(() => document.hidden || open(), REOPEN_AFTER_MS);
  }

  function text(id, content) {
    const element = document.getElementById(id);
    if (element !== null && element.textContent !== content) element.textContent = content;
  }

  function bannerText(age) {
    if (age === null) return citybrain.t("fresh.banner_never");
    const values = { time: citybrain.clockTime(frame.picture.at), age: citybrain.duration(age) };
    const reachesServer = source !== null && source.readyState === EventSource.OPEN;
    return citybrain.t(reachesServer ? "fresh.banner_engine" : "fresh.banner_web", values);
  }

  function noteFeeds(feeds) {
    for (const feed of feeds) {
      if (feed.connected) disconnectedSince.delete(feed.id);
      else if (!disconnectedSince.has(feed.id)) disconnectedSince.set(feed.id, performance.now());
    }
  }

  // A full disk, a broker that is away: the picture is fresh, and yet nothing new gets into it.
  function troubleText() {
    const feeds = frame?.picture?.feeds ?? [];
    const problem = feeds.find((feed) => feed.journal_problem)?.journal_problem ?? null;
    if (problem !== null) return citybrain.t("fresh.banner_trouble", { reason: problem });
    const missed = feeds.find((feed) => performance.now() - (disconnectedSince.get(feed.id) ?? Infinity) >= FEED_MISSED_AFTER_MS);
    return missed === undefined ? null : citybrain.t("fresh.banner_feed", { feed: missed.id });
  }

  function show() {
    const state = citybrain.freshness();
    const age = citybrain.ageNow();
    document.documentElement.dataset.fresh = state;
    text("freshness", citybrain.t(`fresh.${state}`));
    text("age", state === "live" || age === null ? "" : citybrain.duration(age));
    const banner = document.getElementById("banner");
    if (banner !== null) {
      const words = state === "lost" ? bannerText(age) : troubleText();
      banner.hidden = words === null;
      if (words !== null) text("banner", words);
    }
    const now = citybrain.cityNow();
    if (now !== null) {
      text("clock", citybrain.clockTime(now));
      text("date", citybrain.date(now));
    }
  }

  // Browsers allow six connections per server: a tab that nobody sees gives its own back.
  function onVisibility() {
    if (document.hidden) close();
    else open();
  }

  let resizing = 0;
  function onResize() {
    clearTimeout(resizing);
    resizing = setTimeout(() => {
      const size = `${window.innerWidth}x${window.innerHeight}`;
      window.dash_clientside.set_props("viewport", { data: size });
    }, 250);
  }

  function boot() {
    const isReady = window.dash_clientside?.set_props && document.getElementById("page") !== null;
    if (!isReady) {
      setTimeout(boot, 50);
      return;
    }
    onVisibility();
    document.addEventListener("visibilitychange", onVisibility);
    window.addEventListener("resize", onResize);
    setInterval(show, 500);
  }
  boot();
})();
