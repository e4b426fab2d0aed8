// The page of one track: unpacks its levels of detail, draws what is in view at the level that fits, and reads values.
// Distances are km from the beginning of the track, where not said otherwise.
window.leadline = (() => {
  "use strict";
  const page = JSON.parse(document.getElementById("content").textContent);
  const { n_slots: nSlots, segment_length: slot, factor, sources } = page;
  const { most_bins: mostBins, most_photons: mostPhotons } = page;
  const wholeLength = nSlots * slot / 1000;
  const levels = new Array(page.levels.length).fill(null); // the finest first; null until it is unpacked
  let photons = null, leads = null;
  let bokeh = null; // view, cursor, tables, plots, renderers
  let pointed = null; // km that a pointer is at

  const element = (id) => document.getElementById(id);

  // ---------- unpacking: undoes leadline.pages.packing

  async function unpack(id, described) {
    const holder = element(id);
    const packed = await fetch("data:application/octet-stream;base64," + holder.textContent);
    holder.remove();
    const inflated = packed.body.pipeThrough(new DecompressionStream("deflate"));
    const bytes = new Uint8Array(await new Response(inflated).arrayBuffer());
    const columns = {};
    let at = 0;
    for (const column of described) {
      columns[column.name] = quantity(bytes.subarray(at, at += column.length * column.width), column);
    }
    return columns;
  }

  function quantity(bytes, { length, width, offset, step, growing }) {
    const Codes = { 1: Uint8Array, 2: Uint16Array, 4: Uint32Array }[width];
    const codes = new Codes(length);
    for (let plane = 0; plane < width; plane++) {
      for (let i = 0; i < length; i++) codes[i] |= bytes[plane * length + i] << (8 * plane);
    }
    if (growing) for (let i = 1; i < length; i++) codes[i] += codes[i - 1];
    const unknown = 2 ** (8 * width) - 1;
    const at = (i) => (codes[i] === unknown ? NaN : offset + step * codes[i]);
    return { codes, length, at };
  }

  // ---------- what is in view

  function fitting(start, end, most) {
    const inView = (end - start) * 1000 / slot;
    let k = 0;
    while (k < levels.length - 1 && (inView / factor ** k > most || !levels[k])) k++;
    return k;
  }

  function binsInView(k, start, end) {
    const width = slot * factor ** k / 1000;
    const first = Math.max(0, Math.floor(start / width));
    const last = Math.min(Math.ceil(nSlots / factor ** k), Math.ceil(end / width));
    return { first, n: Math.max(0, last - first), width };
  }

  function classOf(level, k, source, i) {
    if (k === 0) return level[source].codes[i];
    let most = 255, share = 0;
    for (let code = 0; code < page.classes.length; code++) {
      const own = level[`${source}_${code}`].codes[i];
      if (own > share) [most, share] = [code, own];
    }
    return most;
  }

  function segmentsInView(k, { first, n, width }) {
    const level = levels[k], data = {};
    const column = (name, of) => { data[name] = Float64Array.from({ length: n }, (_, j) => of(first + j)); };
    column("left", (i) => i * width);
    column("right", (i) => Math.min((i + 1) * width, wholeLength));
    column("x", (i) => (i * width + Math.min((i + 1) * width, wholeLength)) / 2);
    for (const name of page.measured) column(name, level[name].at);
    column("error_low", (i) => level.freeboard.at(i) - level.freeboard_error.at(i));
    column("error_high", (i) => level.freeboard.at(i) + level.freeboard_error.at(i));
    column("height_low", k ? level.height_low.at : (i) => level.height.at(i) - level.height_error.at(i));
    column("height_high", k ? level.height_high.at : (i) => level.height.at(i) + level.height_error.at(i));
    column("freeboard_low", k ? level.freeboard_low.at : () => NaN);
    column("freeboard_high", k ? level.freeboard_high.at : () => NaN);
    const classes = Array.from({ length: n }, (_, j) => page.classes[classOf(level, k, "network", first + j)]);
    data.colour = classes.map((each) => each?.colour ?? "#00000000");
    data.marker = classes.map((each) => each?.marker ?? "dot");
    data.size = new Float64Array(n).fill(Math.min(Math.max(0.6 * bokeh.plots.heights.inner_width / n, 3.5), 7));
    return data;
  }

  // A lane for each class: a bar is as high as the class's share of its bin, yet never less than a quarter of the lane
  // and never narrower than a pixel, so that a lead of one segment is seen from any distance.
  function lanesInView(start, end, pixels) {
    const k = fitting(start, end, Math.min(mostBins, pixels)), { first, n, width } = binsInView(k, start, end);
    const pixel = (end - start) / pixels;
    const level = levels[k], data = { left: [], right: [], top: [], bottom: [], colour: [] };
    const nClasses = page.classes.length;
    const share = (source, code, i) => {
      if (k === 0) return level[source].codes[i] === code ? 1 : 0;
      const part = level[`${source}_${code}`].codes[i] / 255;
      return part && Math.max(0.25, Math.ceil(part * 8) / 8);
    };
    sources.forEach((source, row) => {
      for (let code = 0; code < nClasses; code++) {
        const base = nClasses * (sources.length - row) - code - 1;
        for (let i = first; i < first + n;) {
          const high = share(source, code, i), begin = i;
          while (i < first + n && share(source, code, i) === high) i++;
          if (high) {
            data.left.push(begin * width);
            data.right.push(Math.max(Math.min(i * width, wholeLength), begin * width + pixel));
            data.bottom.push(base + 0.06);
            data.top.push(base + 0.06 + 0.88 * high);
            data.colour.push(page.classes[code].colour);
          }
        }
      }
    });
    return data;
  }

  function firstFrom(n, at, value) {
    let low = 0, high = n;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (at(middle) < value) low = middle + 1; else high = middle;
    }
    return low;
  }

  function photonsInView(start, end) {
    const data = { x: [], height: [], alpha: [] };
    if (!photons) return { data, every: 0 };
    const [first, last] = [start, end].map((km) => firstFrom(photons.x.length, photons.x.at, km * 1000));
    let every = 1;
    while ((last - first) / every > mostPhotons) every *= 2;
    for (let i = Math.ceil(first / every) * every; i < last; i += every) {
      data.x.push(photons.x.at(i) / 1000);
      data.height.push(photons.height.at(i));
      data.alpha.push(photons.confidence.codes[i] > 3 ? 0.5 : 0.2);
    }
    return { data, every };
  }

  function leadsInView(start, end) {
    const data = { begin: [], end: [], middle: [], height: [], marker: [] };
    for (let i = 0; leads && i < leads.begin.length; i++) {
      const [from, to] = [leads.begin.at(i) / 1000, leads.end.at(i) / 1000];
      if (to < start || from > end) continue;
      data.begin.push(from);
      data.end.push(to);
      data.middle.push((from + to) / 2);
      data.height.push(leads.height.at(i));
      data.marker.push(leads.flag.codes[i] ? "x" : "diamond");
    }
    return data;
  }

  // ---------- drawing

  let drawing = false, drawn = null;

  function draw() {
    drawing = false;
    const { view, tables, plots } = bokeh, { start, end } = view;
    const k = fitting(start, end, mostBins);
    if (!levels[k]) return;
    const bins = binsInView(k, start, end), segments = segmentsInView(k, bins);
    const inView = photonsInView(start, end);
    tables.segments.data = segments;
    tables.lanes.data = lanesInView(start, end, Math.max(plots.classes.inner_width, 100));
    tables.photons.data = inView.data;
    tables.leads.data = leadsInView(start, end);
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
    const dots = photons ? `; ${ordinal} signal photons` : page.photons ? "; photons are being unpacked" : "";
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
    values.network = `${word("network")} (probability ${number(finest.probability.at(i), 2)})`;
    values.scene = finest.scene.codes[i] === page.unknown ? `none: ${why}` : `${word("scene")} (by ${why})`;
    if (finest.truth) values.truth = `${word("truth")}; freeboard ${number(finest.freeboard_true.at(i))} m`;
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
    const n = leads.begin.length, { start, end } = bokeh.view;
    const middle = (i) => (leads.begin.at(i) + leads.end.at(i)) / 2000;
    if (visited !== null && middle(visited) >= start && middle(visited) <= end) return visited + way;
    if (end - start >= wholeLength) return way > 0 ? 0 : n - 1;
    const right = firstFrom(n, middle, (start + end) / 2);
    return way > 0 ? right : right - 1;
  }

  function nextLead(way) {
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
    leads = await unpack("leads", page.leads);
    for (let k = levels.length - 1; k >= 0; k--) {
      levels[k] = await unpack(`level-${k}`, page.levels[k]);
      if (k === levels.length - 1) {
        goToAddress();
        draw();
        await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
        performance.mark("leadline-first");
      }
    }
    draw();
    if (page.photons) photons = await unpack("photons", page.photons);
    draw();
    element("plots").dataset.ready = "yes";
    performance.mark("leadline-ready");
  }

  return { open, moveTo, valuesAt, levels, drawn: () => drawn, bokeh: () => bokeh };
})();
