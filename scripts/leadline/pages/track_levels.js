// The levels of detail of a track's page: unpacked as leadline.pages.packing packed them, and cut to what is in view.
// Distances are km from the beginning of the track, where not said otherwise.
const trackLevels = (page) => {
  "use strict";
  const { n_slots: nSlots, segment_length: slot, factor, sources } = page;
  const wholeLength = nSlots * slot / 1000;
  const levels = new Array(page.levels.length).fill(null); // the finest first; null until it is unpacked
  const held = { photons: null, leads: null };

  async function unpack(id, described) {
    const holder = document.getElementById(id);
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

  function segmentsInView(k, { first, n, width }, pixels) {
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
    data.size = new Float64Array(n).fill(Math.min(Math.max(0.6 * pixels / n, 3.5), 7));
    return data;
  }

  // A lane for each class: a bar is as high as the class's share of its bin, yet never less than a quarter of the lane
  // and never narrower than a pixel, so that a lead of one segment is seen from any distance.
  function lanesInView(start, end, pixels) {
    const k = fitting(start, end, Math.min(page.most_bins, pixels)), { first, n, width } = binsInView(k, start, end);
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
    const { photons } = held, data = { x: [], height: [], alpha: [] };
    if (!photons) return { data, every: 0 };
    const [first, last] = [start, end].map((km) => firstFrom(photons.x.length, photons.x.at, km * 1000));
    let every = 1;
    while ((last - first) / every > page.most_photons) every *= 2;
    for (let i = Math.ceil(first / every) * every; i < last; i += every) {
      data.x.push(photons.x.at(i) / 1000);
      data.height.push(photons.height.at(i));
      data.alpha.push(photons.confidence.codes[i] > 3 ? 0.5 : 0.2);
    }
    return { data, every };
  }

  function leadsInView(start, end) {
    const { leads } = held, data = { begin: [], end: [], middle: [], height: [], marker: [] };
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

  return {
    levels, held, wholeLength, firstFrom, unpack, fitting, binsInView, segmentsInView, lanesInView, photonsInView,
    leadsInView,
  };
};
