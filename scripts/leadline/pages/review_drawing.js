// What a stretch looks like, as SVG: the scene beside the track, and close up what scene, network and photons say.

const NOTHING = -32768;
const ROW = 20;
const [LEFT, RIGHT] = [118, 16];
const SCENE_HEIGHT = 110;
const MARKS = {
  0: (x, y) => `M${x - 2} ${y}a2 2 0 1 0 4 0a2 2 0 1 0 -4 0`,
  1: (x, y) => `M${x} ${y - 2.6}l2.6 4.4h-5.2z`,
  2: (x, y) => `M${x - 2} ${y - 2}h4v4h-4z`,
  255: (x, y) => `M${x - 2} ${y - 2}l4 4m-4 0l4 -4`,
};

// Numbers that the page holds as base64 of 16-bit whole numbers, in `parts` of their unit; NaN where there is none.
function numbers(packed, parts) {
  const bytes = Uint8Array.from(atob(packed), (letter) => letter.charCodeAt(0));
  return Array.from(new Int16Array(bytes.buffer), (whole) => (whole === NOTHING ? NaN : whole / parts));
}

// The segments around a stretch, and the photons close to it: x in m along the track, the rest in the tables' units.
function segmentsOf({ start, segments: packed, photons }) {
  const segments = {
    x: numbers(packed.x, 10).map((x) => x + start),
    label: numbers(packed.label, 1),
    surface_class: numbers(packed.surface_class, 1),
    photons: { x: numbers(photons.x, 10).map((x) => x + start), height: numbers(photons.height, 100) },
  };
  for (const name of ["median", "lowest", "highest", "sea_surface", "photon_rate"]) {
    segments[name] = numbers(packed[name], 100);
  }
  return segments;
}

function drawn(name, attributes, ...children) {
  const element = document.createElementNS("http://www.w3.org/2000/svg", name);
  for (const [key, value] of Object.entries(attributes)) element.setAttribute(key, value);
  element.append(...children);
  return element;
}

function frame(width, height, words) {
  return drawn("svg", { viewBox: `0 0 ${width} ${height}`, width, height, role: "img", "aria-label": words });
}

// Round steps of an axis: at most `most` of them between two values.
function ticks(low, high, most) {
  const rough = (high - low) / most;
  const ten = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((times) => times * ten).find((each) => each >= rough);
  const found = [];
  for (let value = Math.ceil(low / step) * step; value <= high + step / 1e6; value += step) found.push(value);
  return { values: found, digits: Math.max(0, -Math.floor(Math.log10(step) + 1e-9)) };
}

// The scene with both sides of the track at one scale: dashed what the close-up shows, in brackets the stretch.
function drawScene(stretch, ends, shown, reach, beside, width) {
  const length = stretch.x_end - stretch.x_start + 2 * beside;
  const margin = { left: 46, bottom: 34, top: 6, right: 14 };
  const scale = (width - margin.left - margin.right) / length;
  const height = 2 * beside * scale;
  const svg = frame(width, height + margin.top + margin.bottom,
    "The scene beside the track, straightened: the flight goes from left to right.");
  const middle = margin.top + height / 2;
  const at = (x) => margin.left + (x - stretch.start) * scale;
  const box = { x: margin.left, y: margin.top, width: length * scale, height };
  svg.append(drawn("rect", { ...box, fill: "url(#no-data)", stroke: "#8793a0" }));
  if (stretch.picture) {
    svg.append(drawn("image", { ...box, x: at(stretch.picture.start), width: stretch.picture.length * scale,
      href: stretch.picture.address, preserveAspectRatio: "none" }));
  }
  svg.append(
    drawn("path", { d: `M${margin.left} ${middle}h${length * scale}`, stroke: "#E69F00", "stroke-width": 1.2 }),
    drawn("rect", { x: at(shown[0]), y: middle - reach * scale, width: at(shown[1]) - at(shown[0]),
      height: 2 * reach * scale, fill: "none", stroke: "#E69F00", "stroke-dasharray": "5 3" }),
    ...brackets(at(ends[0]), at(ends[1]), middle - 14, middle + 14),
  );
  const zero = (stretch.x_start + stretch.x_end) / 2;
  for (const value of [-beside, 0, beside]) {
    svg.append(drawn("text", { x: at(zero + value), y: height + margin.top + 14, "text-anchor": "middle" }, `${value}`),
      drawn("text", { x: margin.left - 5, y: middle - value * scale + 4, "text-anchor": "end" }, `${value}`));
  }
  svg.append(drawn("text", { x: at(zero), y: height + margin.top + 29, "text-anchor": "middle" },
    "along and across the track (m)"));
  return svg;
}

// A white and a dark line each, to be seen on ice and water.
function brackets(left, right, top, bottom) {
  const d = `M${left + 4} ${top}H${left}V${bottom}h4M${right - 4} ${top}H${right}V${bottom}h-4`;
  return [["#fff", 5], ["#7a0055", 2.2]].map(([stroke, thickness]) =>
    drawn("path", { d, stroke, fill: "none", "stroke-width": thickness }));
}

// Pixels a metre of a close-up, and how far it shows the scene to each side (m).
const closeScale = (shown, width) => (width - LEFT - RIGHT) / (shown[1] - shown[0]);
const sceneReach = (shown, width) => SCENE_HEIGHT / 2 / closeScale(shown, width);

// Scene, rows of classes, heights and photon rates on one axis along the track, from shown[0] to shown[1] (m).
function drawCloseUp(stretch, segments, ends, set, shown, beside, classes, segmentLength, width) {
  const scale = closeScale(shown, width);
  const panels = { scene: [4, SCENE_HEIGHT], rows: [120, 3 * ROW], heights: [190, 165], rates: [365, 62] };
  const bottom = panels.rates[0] + panels.rates[1];
  const svg = frame(width, bottom + 36, described(stretch, segments, ends, classes));
  const at = (x) => LEFT + (x - shown[0]) * scale;
  const plot = { at, scale, left: LEFT, right: width - RIGHT, shown, segmentLength, classes };
  const inside = segments.x.flatMap((x, i) => (x >= shown[0] && x <= shown[1] ? [i] : []));

  drawSceneClose(svg, plot, panels.scene, stretch, beside);
  const [top] = panels.rows;
  drawRow(svg, plot, top, "label of the scene", inside.map((i) => [segments.x[i], segments.label[i]]));
  drawRow(svg, plot, top + ROW, "network", inside.map((i) => [segments.x[i], segments.surface_class[i]]));
  drawRow(svg, plot, top + 2 * ROW, "set here", set ? [[set.x_start, set.code, set.x_end]] : []);
  drawHeights(svg, plot, panels.heights, segments, inside);
  drawRates(svg, plot, panels.rates, segments, inside);
  drawAlong(svg, plot, bottom, (stretch.x_start + stretch.x_end) / 2);
  svg.append(...brackets(at(ends[0]), at(ends[1]), 2, bottom + 2));
  return svg;
}

function described(stretch, segments, ends, classes) {
  const own = segments.x.flatMap((x, i) => (x >= ends[0] && x < ends[1] ? [i] : []));
  const mean = (name) => own.reduce((sum, i) => sum + segments[name][i], 0) / own.length;
  const counts = classes.map((kind) => [own.filter((i) => segments.surface_class[i] === kind.code).length, kind.name]);
  const said = counts.filter(([n]) => n).map(([n, name]) => `${n} ${name}`).join(", ");
  return `${own.length} segments, by the network ${said || "none"}; mean height ${mean("median").toFixed(2)} m,` +
    ` sea surface ${mean("sea_surface").toFixed(2)} m, ${mean("photon_rate").toFixed(1)} photons a shot.`;
}

function drawSceneClose(svg, plot, [top, height], stretch, beside) {
  const clip = drawn("svg", { x: plot.left, y: top, width: plot.right - plot.left, height, overflow: "hidden" });
  const across = 2 * beside * plot.scale;
  clip.append(drawn("rect", { width: "100%", height: "100%", fill: "url(#no-data)" }));
  if (stretch.picture) {
    const { start, length, address } = stretch.picture;
    clip.append(drawn("image", { x: plot.at(start) - plot.left, y: height / 2 - across / 2, width: length * plot.scale,
      height: across, href: address, preserveAspectRatio: "none", style: "image-rendering: pixelated" }));
  }
  clip.append(drawn("path", { d: `M0 ${height / 2}H4000`, stroke: "#E69F00", "stroke-width": 1.2 }));
  svg.append(clip, drawn("text", { x: plot.left - 6, y: top + height / 2 + 4, "text-anchor": "end" },
    stretch.picture ? `scene, ±${(height / 2 / plot.scale).toFixed(0)} m` : "no scene"));
}

// A bar for each run of one class, with the key of the class in it where it is wide enough.
function drawRow(svg, plot, top, words, values) {
  svg.append(drawn("text", { x: plot.left - 6, y: top + 14, "text-anchor": "end" }, words),
    drawn("rect", { x: plot.left, y: top + 2, width: plot.right - plot.left, height: ROW - 4, fill: "#eef1f4" }));
  for (const [begin, end, code] of runsOf(values, plot.segmentLength)) {
    const kind = plot.classes.find((each) => each.code === code);
    const [left, right] = [begin, end].map((x) => Math.min(Math.max(plot.at(x), plot.left), plot.right));
    svg.append(drawn("rect", { x: left, y: top + 2, width: right - left, height: ROW - 4, fill: kind.colour }));
    if (right - left > 11) {
      const place = { x: (left + right) / 2, y: top + 14.5, "text-anchor": "middle", "font-weight": 700 };
      svg.append(drawn("text", { ...place, style: `fill: ${code === 1 ? "#fff" : "#000"}` }, kind.key));
    }
  }
}

function runsOf(values, segmentLength) {
  const runs = [];
  for (const [x, code, end] of values) {
    const last = runs.at(-1);
    if (end !== undefined) runs.push([x, end, code]);
    else if (last && last[2] === code && x - last[1] < segmentLength) last[1] = x + segmentLength / 2;
    else runs.push([x - segmentLength / 2, x + segmentLength / 2, code]);
  }
  return runs;
}

function axis(svg, plot, [top, height], [low, high], words, most) {
  const y = (value) => top + height - ((value - low) / (high - low)) * height;
  const { values, digits } = ticks(low, high, most);
  for (const value of values) {
    svg.append(drawn("path", { d: `M${plot.left} ${y(value)}H${plot.right}`, stroke: "#dfe4ea" }),
      drawn("text", { x: plot.left - 6, y: y(value) + 4, "text-anchor": "end" }, value.toFixed(digits)));
  }
  const place = { transform: `translate(14 ${top + height / 2}) rotate(-90)`, "text-anchor": "middle" };
  svg.append(drawn("text", place, words[0]), drawn("text",
    { ...place, transform: `translate(30 ${top + height / 2}) rotate(-90)` }, words[1]));
  return (value) => Math.min(Math.max(y(value), top), top + height);
}

// Photons; of each segment a line from its lowest to its highest, and its median in the colour and mark of its class.
function drawHeights(svg, plot, place, segments, inside) {
  const sorted = (name) => inside.map((i) => segments[name][i]).filter(Number.isFinite).sort((a, b) => a - b);
  const [lows, highs] = [sorted("lowest"), sorted("highest")];
  const low = (lows[Math.floor(0.02 * lows.length)] ?? 0) - 0.1;
  const high = (highs[Math.ceil(0.98 * highs.length) - 1] ?? 1) + 0.1;
  const y = axis(svg, plot, place, [low, high], ["height above", "MSS (m)"], 5);
  const ranges = inside.map((i) => `M${plot.at(segments.x[i])} ${y(segments.lowest[i])}V${y(segments.highest[i])}`);
  const bar = Math.min(Math.max(0.5 * plot.segmentLength * plot.scale, 0.6), 3);
  svg.append(drawn("path", { d: ranges.join(""), stroke: "#e1e6eb", "stroke-width": bar }));
  const { x, height } = segments.photons;
  const seen = (i) => x[i] >= plot.shown[0] && x[i] <= plot.shown[1] && height[i] > low && height[i] < high;
  const dots = x.flatMap((each, i) => (seen(i) ? [`M${plot.at(each).toFixed(1)} ${y(height[i]).toFixed(1)}h.01`] : []));
  const dot = Math.min(1.1 + 0.15 * plot.scale, 3);
  svg.append(drawn("path", { d: dots.join(""), stroke: "#7b8794", "stroke-width": dot, "stroke-linecap": "round" }));
  const surface = inside.filter((i) => Number.isFinite(segments.sea_surface[i]));
  const line = surface.map((i, n) => `${n ? "L" : "M"}${plot.at(segments.x[i])} ${y(segments.sea_surface[i])}`);
  svg.append(drawn("path", { d: line.join(""), fill: "none", stroke: "#1d2733", "stroke-dasharray": "6 4" }));
  for (const kind of plot.classes) {
    const own = inside.filter((i) => segments.surface_class[i] === kind.code && Number.isFinite(segments.median[i]));
    const marks = own.map((i) => MARKS[kind.code](plot.at(segments.x[i]), y(segments.median[i])));
    const stroke = kind.code === 255 ? "#55606d" : "none";
    svg.append(drawn("path", { d: marks.join(""), fill: kind.colour, stroke }));
  }
}

function drawRates(svg, plot, place, segments, inside) {
  const rates = inside.map((i) => segments.photon_rate[i]).filter(Number.isFinite);
  const most = Math.max(1, ...rates);
  const y = axis(svg, plot, place, [0, 1.05 * most], ["photons", "a shot"], 3);
  const marks = inside.map((i) => `M${plot.at(segments.x[i]) - 1.5} ${y(segments.photon_rate[i])}h3`);
  svg.append(drawn("path", { d: marks.join(""), stroke: "#1d2733", "stroke-width": 1.6 }));
}

function drawAlong(svg, plot, bottom, zero) {
  const most = Math.max(3, (plot.right - plot.left) / 90);
  const { values, digits } = ticks(plot.shown[0] - zero, plot.shown[1] - zero, most);
  for (const value of values) {
    const x = plot.at(zero + value);
    svg.append(drawn("path", { d: `M${x} ${bottom}v5`, stroke: "#8793a0" }),
      drawn("text", { x, y: bottom + 17, "text-anchor": "middle" }, value.toFixed(digits)));
  }
  svg.append(drawn("text", { x: plot.right, y: bottom + 32, "text-anchor": "end" },
    "along the track, from the middle (m)"));
}
