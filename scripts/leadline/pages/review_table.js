// The table of corrections as text, and its rows: each of seven texts, granule, beam, x_start, x_end, class, who, why.

function rowsOf(text) {
  const lines = text.split("\n").filter((line) => line && !line.startsWith("#"));
  return lines.slice(1).map((line) => line.split("\t"));
}

function withRows(text, rows) {
  const known = rowsOf(text);
  const added = rows.filter((row) => !known.some((other) => same(row, other)));
  return text.replace(/\n*$/, "\n") + added.map((row) => `${row.join("\t")}\n`).join("");
}

const same = (one, other) => (one ?? []).join("\t") === (other ?? []).join("\t");
const metres = (x) => String(Math.round(x * 1000) / 1000);
const oneLine = (text) => text.replace(/[\s#"]+/g, " ").trim();

// How far the page looks at the track around a stretch: as much before as after.
const besideOf = (stretch) => stretch.x_start - stretch.start;
const reachOf = (stretch) => [stretch.start, stretch.x_end + besideOf(stretch)];

// The row that sets a stretch: one that holds its middle and ends where the page can see it, not one over kilometres.
function rowIn(rows, stretch) {
  const [first, last] = reachOf(stretch);
  const middle = (stretch.x_start + stretch.x_end) / 2;
  return rows.find(([granule, beam, start, end]) => granule === stretch.granule && beam === stretch.beam &&
    +start <= middle && middle < +end && +start >= first && +end <= last);
}

// The row among others that gives a part of the same track another class.
function clashing(row, others) {
  return others.find((other) => other[0] === row[0] && other[1] === row[1] && other[4] !== row[4] &&
    +other[2] < +row[3] && +row[2] < +other[3]);
}
