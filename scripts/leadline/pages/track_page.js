// The page of one track: draws what is in view at the level of detail that fits, reads values, and moves.
// Distances are km from the beginning of the track, where not said otherwise.
window.leadline = (() => {
  "use strict";
  const page = JSON.parse(document.getElementById("content").textContent);
  const { n_slots: nSlots, segment_length: slot, factor } = page;
  const track = trackLevels(page), { levels, held, wholeLength, firstFrom } = track;
  let bokeh = null; // view, cursor, tables, plots, renderers
  let pointed = null; // km that a pointer is at

  const element = (id) => document.getElementById(id);

  // ---------- drawing

  let drawing = false, drawn = null;

  function draw() {
    drawing = false;
    const { view, tables, plots } = bokeh, { start, end } = view;
    const k = track.fitting(start, end, page.most_bins), pixels = Math.max(plots.classes.inner_width, 100);
    if (!levels[k]) return;
    const bins = track.binsInView(k, start, end), segments = track.segmentsInView(k, bins, pixels);
    const inView = track.photonsInView(start, end);
    tables.segments.data = segments;
    tables.lanes.data = track.lanesInView(start, end, pixels);
    tables.photons.data = inView.data;
    tables.leads.data = track.leadsInView(start, end);
    const strays = element("strays").checked;
    const { height_low, height_high, freeboard, error_low, error_high, freeboard_true } = segments;
    fit(plots.heights.y_range, [height_low, height_high, segments[`surface_${page.method}`]], strays);
    fit(plots.freeboard.y_range, [freeboard, error_low, error_high, freeboard_true], strays);
    drawn = { level: k, bins: bins.n, every: inView.every };
    describe(start, end, k, inView.every);
    read(pointed ?? (start + end) / 2);
  }

  function request() {
    if (drawing) return;
    drawing = true;
    queueMicrotask(draw);
  }

  // What lies in view decides the height axis: all but one in 500 on either side, or really all.
  function fit(range, columns, all) {
    const values = columns.filter(Boolean).flatMap((column) => Array.from(column).filter(Number.isFinite));
    values.sort((a, b) => a - b);
    if (!values.length) return;
    const cut = all ? 0 : Math.floor(values.length / 500);
    const [low, high] = [values[cut], values[values.length - 1 - cut]], margin = 0.08 * (high - low) + 0.03;
    range.setv({ start: low - margin, end: high + margin });
  }

  function metres(length) {
    return length < 1000 ? `${Number(length.toPrecision(3))} m` : `${Number((length / 1000).toPrecision(4))} km`;
  }

  function describe(start, end, k, every) {
    const n = factor ** k;
    const each = k
      ? `each mark joins ${n} segments (${metres(n * slot)}): mean, and a grey bar from the lowest to the highest`
      : `each mark is one segment of ${metres(slot)}; grey bars are standard errors`;
    const carried = every * page.photons_every, ordinal = carried === 1 ? "all" : `1 in ${carried}`;
    const dots = held.photons ? `; ${ordinal} signal photons` : page.photons ? "; photons are being unpacked" : "";
    element("in-view").textContent =
      `In view: ${start.toFixed(3)} to ${end.toFixed(3)} km (${metres(1000 * (end - start))}); ${each}${dots}.`;
  }

  // ---------- reading values

  const minus = (text) => text.replace(/^-(0\.?0*$)/, "$1").replace("-", "−");
  const number = (value, digits = 3) => (Number.isFinite(value) ? minus(value.toFixed(digits)) : "none");
  const withError = (value, error) => (Number.isFinite(value) ? `${number(value)} ± ${number(error)} m` : "none");

  function placeAt(km) {
    const { x, latitude, longitude, time } = page.places, at = 1000 * km;
    const right = Math.min(Math.max(firstFrom(x.length, (i) => x[i], at), 1), x.length - 1);
    const left = Math.max(right - 1, 0);
    const part = right === left ? 0 : (at - x[left]) / (x[right] - x[left]);
    const between = (values) => values[left] + part * (values[right] - values[left]);
    const east = ((between(longitude) + 540) % 360) - 180, north = between(latitude);
    const clock = new Date(page.epoch_ms + 1000 * between(time)).toISOString().slice(11, 23);
    const degrees = (value, sides) => `${Math.abs(value).toFixed(5)}° ${sides[value < 0 ? 1 : 0]}`;
    return `${degrees(north, "NS")}, ${degrees(east, "EW")}, ${clock} UTC`;
  }

  function valuesAt(km) {
    const finest = levels[0], i = Math.min(Math.max(Math.floor(1000 * km / slot), 0), nSlots - 1);
    const values = { place: `${km.toFixed(3)} km, ${placeAt(km)}` };
    if (!finest) return { ...values, network: "still unpacking" };
    if (finest.network.codes[i] === page.no_segment) return { ...values, network: "no segment here" };
    const word = (source) => page.classes[finest[source].codes[i]].word;
    const why = page.whys[finest.why.codes[i]] ?? "no label";
    values.network = `${word("network")} (p = ${number(finest.probability.at(i), 2)})`;
    values.scene = finest.scene.codes[i] === page.unknown ? `none: ${why}` : `${word("scene")} (by ${why})`;
    if (finest.truth) values.truth = `${word("truth")}, freeboard ${number(finest.freeboard_true.at(i))} m`;
    values.height = withError(finest.height.at(i), finest.height_error.at(i));
    values.surface = withError(finest[`surface_${page.method}`].at(i), finest.surface_error.at(i));
    if (values.surface !== "none") values.surface += ` (${page.method}; ${page.found[finest.found.codes[i]]})`;
    values.freeboard = withError(finest.freeboard.at(i), finest.freeboard_error.at(i));
    return values;
  }

  function read(km) {
    const values = valuesAt(km);
    for (const cell of document.querySelectorAll("[data-value]")) {
      cell.textContent = values[cell.dataset.value] ?? "none";
    }
  }

  // ---------- moving

  function moveTo(start, end) {
    const length = Math.min(Math.max(end - start, bokeh.view.min_interval), wholeLength);
    const middle = (start + end) / 2, begin = Math.min(Math.max(middle - length / 2, 0), wholeLength - length);
    bokeh.view.setv({ start: begin, end: begin + length });
    return new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => setTimeout(done))));
  }

  function pan(parts) {
    const { start, end } = bokeh.view, by = parts * (end - start);
    moveTo(start + by, end + by);
  }

  function zoom(factorOfLength) {
    const { start, end } = bokeh.view, middle = (start + end) / 2, half = factorOfLength * (end - start) / 2;
    moveTo(middle - half, middle + half);
  }

  // From the lead that was last gone to, where it is still in view; else from the middle, or from the end of the whole.
  let visited = null;

  function leadFrom(way) {
    const { leads } = held, n = leads.begin.length, { start, end } = bokeh.view;
    const middle = (i) => (leads.begin.at(i) + leads.end.at(i)) / 2000;
    if (visited !== null && middle(visited) >= start && middle(visited) <= end) return visited + way;
    if (end - start >= wholeLength) return way > 0 ? 0 : n - 1;
    const right = firstFrom(n, middle, (start + end) / 2);
    return way > 0 ? right : right - 1;
  }

  function nextLead(way) {
    const { leads } = held;
    if (!leads?.begin.length) return "This track has no leads.";
    const i = leadFrom(way), n = leads.begin.length;
    if (i < 0 || i >= n) return "There is no lead beyond.";
    visited = i;
    const [from, to] = [leads.begin.at(i) / 1000, leads.end.at(i) / 1000];
    const half = Math.max(Math.min(bokeh.view.end - bokeh.view.start, 2), 3 * (to - from)) / 2;
    moveTo((from + to) / 2 - half, (from + to) / 2 + half);
    const used = leads.flag.codes[i] ? ", not used for the sea surface" : "";
    return `Lead ${i + 1} of ${n}, ${metres(1000 * (to - from))} long, height ${number(leads.height.at(i))} m${used}.`;
  }

  // What can be done, by the names on the buttons, which also bear the keys.
  const deeds = {
    back: () => pan(-0.25),
    on: () => pan(0.25),
    "far-back": () => pan(-1),
    "far-on": () => pan(1),
    closer: () => zoom(0.5),
    farther: () => zoom(2),
    whole: () => { moveTo(0, wholeLength); },
    "previous-lead": () => nextLead(-1),
    "next-lead": () => nextLead(1),
  };

  function act(deed) {
    const words = deeds[deed]() ?? "";
    const { start, end } = bokeh.view, middle = (start + end) / 2, { network, freeboard } = valuesAt(middle);
    pointed = null;
    bokeh.cursor.location = middle;
    read(middle);
    const where = `${start.toFixed(2)} to ${end.toFixed(2)} km`;
    const there = `in the middle ${network}, freeboard ${freeboard ?? "none"}.`;
    element("said").textContent = `${words} ${where}; ${there}`.trim();
  }

  function listen() {
    const buttons = [...document.querySelectorAll("button[data-deed]")];
    for (const button of buttons) button.addEventListener("click", () => act(button.dataset.deed));
    document.addEventListener("keydown", (event) => {
      const elsewhere = document.activeElement !== document.body && !element("plots").contains(document.activeElement);
      if (elsewhere || event.ctrlKey || event.altKey || event.metaKey) return;
      const key = (event.shiftKey && event.key.length > 1 ? "Shift+" : "") + event.key;
      const button = buttons.find(({ dataset }) => dataset.keys.split(" ").includes(key));
      if (!button) return;
      event.preventDefault();
      act(button.dataset.deed);
    });
    for (const box of document.querySelectorAll("input[data-series]")) {
      const show = () => bokeh.renderers[box.dataset.series].forEach((renderer) => { renderer.visible = box.checked; });
      box.addEventListener("change", show);
      show();
    }
    element("strays").addEventListener("change", request);
    for (const plot of Object.values(bokeh.plots)) {
      plot.on_event("mousemove", ({ x }) => { pointed = x; read(x); });
      plot.on_event("mouseleave", () => { pointed = null; });
    }
    bokeh.view.change.connect(() => { request(); remember(); });
  }

  // The view stands in the address, so that a place on the track can be passed on: #km=12.340,13.420
  let remembering = null;

  function remember() {
    clearTimeout(remembering);
    remembering = setTimeout(() => {
      const { start, end } = bokeh.view;
      try {
        history.replaceState(null, "", `#km=${start.toFixed(3)},${end.toFixed(3)}`);
      } catch { /* a page inside another page has no address of its own */ }
    }, 300);
  }

  function goToAddress() {
    const told = /^#km=([\d.]+),([\d.]+)$/.exec(location.hash);
    if (told && Number(told[2]) > Number(told[1])) moveTo(Number(told[1]), Number(told[2]));
  }

  async function open(handed) {
    bokeh = handed;
    listen();
    held.leads = await track.unpack("leads", page.leads);
    for (let k = levels.length - 1; k >= 0; k--) {
      levels[k] = await track.unpack(`level-${k}`, page.levels[k]);
      if (k === levels.length - 1) {
        goToAddress();
        draw();
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        performance.mark("leadline-first");
      }
    }
    draw();
    if (page.photons) held.photons = await track.unpack("photons", page.photons);
    draw();
    element("plots").dataset.ready = "yes";
    performance.mark("leadline-ready");
  }

  return { open, moveTo, valuesAt, levels, drawn: () => drawn, bokeh: () => bokeh };
})();
